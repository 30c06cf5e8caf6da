package dev.penstock.simulation.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.OnnxModels;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.config.PaddingPlanner;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.RunMode;
import dev.penstock.protocol.Shape;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.StringJoiner;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;

/** The requests of a simulation. Their rows hold their number, so that a mixed-up answer shows. */
final class Workload {
    static final String MODEL = "simulated";
    static final String OTHERS_TOPIC = "penstock.replies.billing";
    static final OnnxGraph GRAPH;
    static final ModelConfig CONFIG;
    static final PaddingPlanner PLANNER;
    static final Object BATCH_KEY;
    private static final List<Requester> REQUESTERS = List.of(Requester.values());
    private static final int INGRESSES = 2;

    static {
        try {
            List<OptionalInt> first = List.of(OptionalInt.of(0));
            GRAPH = OnnxGraph.read(OnnxModels.identity(Datatype.INT32)).withRows(first, first, RunMode.BATCHED);
            CONFIG = ModelConfig.parse("");
        } catch (ModelRefusedException wrong) {
            throw new AssertionError(wrong);
        }
        PLANNER = new PaddingPlanner(GRAPH, CONFIG);
        BATCH_KEY = PLANNER.planWithoutLearning(List.of(Shape.of(1, 3))).batchKey();
    }

    private final Random random;
    private final int partitions;
    private final boolean hasTwoVersions;

    /** Who waits for the reply. */
    enum Requester {
        SYNCHRONOUS,
        ASYNCHRONOUS,
        OTHER_SYSTEM
    }

    enum Nature {
        GOOD,
        /** Its run fails. */
        BAD,
        /** Its run ends the process. */
        DEADLY,
        UNDECODABLE
    }

    /** @param version empty when it asks for none */
    record Request(
            int number,
            Requester requester,
            Nature nature,
            Lane lane,
            Optional<String> version,
            int rows,
            int partition,
            long timeoutMillis) {
        String id() {
            return id(number);
        }

        static String id(int number) {
            return "request-" + number;
        }

        String replyTopic() {
            return switch (requester) {
                case SYNCHRONOUS -> Topics.REPLIES;
                case ASYNCHRONOUS -> Topics.RESULTS;
                case OTHER_SYSTEM -> OTHERS_TOPIC;
            };
        }

        /** The partition of the ingress that waits. */
        Optional<Integer> replyPartition() {
            return requester == Requester.SYNCHRONOUS ? Optional.of(number % INGRESSES) : Optional.empty();
        }

        /** @param deadlineMillis of a copy: that of the first record */
        ProducerRecord<byte[], byte[]> record(int toPartition, OptionalLong deadlineMillis) {
            ProducerRecord<byte[], byte[]> record =
                    new ProducerRecord<>(Topics.requests(MODEL, lane), toPartition, null, body().getBytes(UTF_8));
            Headers headers = record.headers();
            RecordHeaders.set(headers, RecordHeaders.CORRELATION_ID, id());
            RecordHeaders.set(headers, RecordHeaders.REPLY_TOPIC, replyTopic());
            replyPartition()
                    .ifPresent(number ->
                            RecordHeaders.set(headers, RecordHeaders.REPLY_PARTITION, Integer.toString(number)));
            version.ifPresent(asked -> RecordHeaders.set(headers, RecordHeaders.MODEL_VERSION, asked));
            if (deadlineMillis.isPresent()) {
                RecordHeaders.set(headers, RecordHeaders.DEADLINE_MS, Long.toString(deadlineMillis.getAsLong()));
            } else {
                RecordHeaders.set(headers, RecordHeaders.TIMEOUT_MS, Long.toString(timeoutMillis));
            }
            return record;
        }

        private String body() {
            if (nature == Nature.UNDECODABLE) {
                return "{\"inputs\":[";
            }
            StringJoiner data = new StringJoiner(",");
            for (int i = 0; i < 3 * rows; i++) {
                data.add(Integer.toString(value()));
            }
            return "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"INT32\",\"shape\":[%d,3],\"data\":[%s]}]}"
                    .formatted(rows, data);
        }

        private int value() {
            return switch (nature) {
                case GOOD, UNDECODABLE -> number;
                case BAD -> SimulatedAccelerator.BAD;
                case DEADLY -> SimulatedAccelerator.deadly(number);
            };
        }

        /** What the response to it must contain. */
        String output() {
            return "\"data\":[" + (number + ",").repeat(3 * rows - 1) + number + "]";
        }
    }

    Workload(Random random, int partitions, boolean hasTwoVersions) {
        this.random = random;
        this.partitions = partitions;
        this.hasTwoVersions = hasTwoVersions;
    }

    /** @param isDeadly whether it ends the process that runs it */
    Request next(int number, boolean isDeadly) {
        Requester requester = REQUESTERS.get(random.nextInt(REQUESTERS.size()));
        int luck = random.nextInt(100);
        Nature nature = isDeadly ? Nature.DEADLY : luck < 3 ? Nature.BAD : luck < 6 ? Nature.UNDECODABLE : Nature.GOOD;
        boolean isPatient = random.nextInt(5) > 0;
        return new Request(
                number,
                requester,
                nature,
                random.nextInt(4) == 0 ? Lane.BULK : Lane.INTERACTIVE,
                switch (random.nextInt(hasTwoVersions ? 3 : 2)) {
                    case 0 -> Optional.empty();
                    case 1 -> Optional.of("1");
                    default -> Optional.of("2");
                },
                1 + random.nextInt(3),
                random.nextInt(partitions),
                isPatient ? 30_000 + random.nextInt(30_000) : 500 + random.nextInt(10_000));
    }

    /** Another partition than this, if there is one. */
    int otherPartition(int than) {
        return partitions == 1 ? than : (than + 1 + random.nextInt(partitions - 1)) % partitions;
    }
}
