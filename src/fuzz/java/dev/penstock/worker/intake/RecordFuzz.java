package dev.penstock.worker.intake;

import dev.penstock.fuzz.Allocation;
import dev.penstock.fuzz.RecordInput;
import dev.penstock.kafka.BrokerClock;
import dev.penstock.model.OnnxModels;
import dev.penstock.model.config.PaddingPlanner;
import dev.penstock.model.repository.ModelDefinition;
import dev.penstock.model.repository.ModelRepository;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.AcceptedRecords;
import dev.penstock.worker.loop.Task;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Fuzzes the decoders of three models. The input has the format of {@link RecordInput}. */
public final class RecordFuzz {
    private static final int FACTOR = 64;
    private static final long NOW_NANOS = 1_000_000_000_000L;
    private static final long NOW_MILLIS = 1_800_000_000_000L;
    private static final List<RecordDecoder> DECODERS = decoders();

    private RecordFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        ConsumerRecord<byte[], byte[]> record = RecordInput.read(input);
        AcceptedRecord accepted = AcceptedRecords.open("c");
        for (RecordDecoder decoder : DECODERS) {
            try {
                Task task = Allocation.bounded(
                        input.length,
                        FACTOR,
                        () -> decoder.decode(accepted, record, Lane.INTERACTIVE, NOW_NANOS, NOW_MILLIS));
                if (task.rows() < 1 || task.deadlineNanos() < task.arrivalNanos()) {
                    throw new AssertionError(
                            "rows must be at least 1, and the deadline must not precede the arrival, was " + task);
                }
            } catch (InvalidRequestException refused) {
                if (refused.field().isEmpty() || refused.rule().isEmpty()) {
                    throw new AssertionError("the rejection names no field or no rule", refused);
                }
            }
        }
    }

    private static List<RecordDecoder> decoders() {
        try {
            Path folder = Files.createTempDirectory("penstock-fuzz");
            OnnxModels.write(folder, "floats", 1, OnnxModels.identity(Datatype.FP32));
            OnnxModels.write(folder, "strings", 1, OnnxModels.identity(Datatype.BYTES));
            OnnxModels.write(folder, "tokens", 1, OnnxModels.sequence());
            OnnxModels.writeConfig(
                    folder, "tokens", "shape_buckets:\n  sequence: {sizes: [4, 16], pad: {ids: 7, mask: 0}}\n");
            ModelRepository.Contents models = new ModelRepository(folder, 1 << 20).scan();
            if (models.found().size() != 3) {
                throw new AssertionError(models.refused().toString());
            }
            return models.found().stream().map(RecordFuzz::decoder).toList();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private static RecordDecoder decoder(ModelDefinition model) {
        RequestReader reader = new RequestReader(new ReaderLimits(1 << 20, 8, 1 << 16, 8, 1 << 12));
        return new RecordDecoder(
                reader,
                model.graph().signature(),
                model.config(),
                new PaddingPlanner(model.graph(), model.config()),
                Duration.ofSeconds(30),
                new BrokerClock());
    }
}
