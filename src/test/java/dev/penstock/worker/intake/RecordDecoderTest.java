package dev.penstock.worker.intake;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.kafka.BrokerClock;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.model.OnnxModels;
import dev.penstock.model.config.PaddingPlanner;
import dev.penstock.model.repository.ModelDefinition;
import dev.penstock.model.repository.ModelRepository;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.worker.accepted.AcceptedRecords;
import dev.penstock.worker.loop.Task;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Deadlines by the broker's clock, whoever wrote a record's timestamp. */
class RecordDecoderTest {
    private static final long NOW_MILLIS = 1_700_000_000_000L;
    private static final long NOW_NANOS = 7_000_000_000L;
    private static final long TEN_MINUTES = Duration.ofMinutes(10).toMillis();

    @TempDir
    Path folder;

    private RecordDecoder decoder;

    @BeforeEach
    void makeADecoder() throws Exception {
        OnnxModels.write(folder, "floats", 1, OnnxModels.identity(Datatype.FP32));
        ModelDefinition model =
                new ModelRepository(folder, 1 << 20).scan().found().getFirst();
        decoder = new RecordDecoder(
                new RequestReader(ReaderLimits.DEFAULT),
                model.graph().signature(),
                model.config(),
                new PaddingPlanner(model.graph(), model.config()),
                Duration.ofSeconds(30),
                new BrokerClock());
    }

    @Test
    void aTimeoutCountsFromTheArrivalInTheLog() throws Exception {
        Task task = decode(TimestampType.LOG_APPEND_TIME, NOW_MILLIS - 400, RecordHeaders.TIMEOUT_MS, 1000);
        assertThat(task.arrivalNanos()).isEqualTo(NOW_NANOS - 400_000_000L);
        assertThat(task.deadlineNanos()).isEqualTo(NOW_NANOS + 600_000_000L);
    }

    @Test
    void aProducersClockThatIsMinutesOffExpiresNothing() throws Exception {
        for (long created : new long[] {NOW_MILLIS - TEN_MINUTES, NOW_MILLIS + TEN_MINUTES}) {
            Task task = decode(TimestampType.CREATE_TIME, created, RecordHeaders.TIMEOUT_MS, 1000);
            assertThat(task.deadlineNanos()).isEqualTo(NOW_NANOS + 1_000_000_000L);
        }
    }

    @Test
    void aPointInTimeIsHeldWhateverTheProducersClockSays() throws Exception {
        for (long created : new long[] {NOW_MILLIS - TEN_MINUTES, NOW_MILLIS + TEN_MINUTES}) {
            Task task = decode(TimestampType.CREATE_TIME, created, RecordHeaders.DEADLINE_MS, NOW_MILLIS + 2000);
            assertThat(task.deadlineNanos()).isEqualTo(NOW_NANOS + 2_000_000_000L);
        }
    }

    private Task decode(TimestampType type, long timestamp, String header, long value) throws Exception {
        byte[] body = "{\"inputs\":[{\"name\":\"%s\",\"datatype\":\"FP32\",\"shape\":[1,3],\"data\":[1,2,3]}]}"
                .formatted("x")
                .getBytes(UTF_8);
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(
                "t",
                0,
                0,
                timestamp,
                type,
                0,
                body.length,
                null,
                body,
                new org.apache.kafka.common.header.internals.RecordHeaders(new RecordHeader[] {
                    new RecordHeader(header, Long.toString(value).getBytes(UTF_8))
                }),
                Optional.empty());
        return decoder.decode(AcceptedRecords.open("id"), record, Lane.INTERACTIVE, NOW_NANOS, NOW_MILLIS);
    }
}
