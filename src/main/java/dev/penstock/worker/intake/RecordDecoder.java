package dev.penstock.worker.intake;

import dev.penstock.kafka.BrokerClock;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.model.config.FeaturesSection;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.config.PaddingPlan;
import dev.penstock.model.config.PaddingPlanner;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.RowLayout;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.Term;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.loop.Task;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.record.TimestampType;

/** Turns a record into a task for one model version. Thread-safe. */
public final class RecordDecoder {
    private final RequestReader reader;
    private final Signature signature;
    private final int maxRows;
    private final Duration defaultTimeout;
    private final BrokerClock brokerClock;
    private final PaddingPlanner planner;
    private final Optional<String> entity;

    /** Stands in until the features of a request are looked up; the true plan depends on them. */
    private final PaddingPlan notYetKnown;

    /**
     * @param signature the inputs that requests send
     * @param planner for the model's own inputs
     * @param defaultTimeout for requests that set none
     */
    public RecordDecoder(
            RequestReader reader,
            Signature signature,
            ModelConfig config,
            PaddingPlanner planner,
            Duration defaultTimeout,
            BrokerClock brokerClock) {
        this.reader = reader;
        this.signature = signature;
        this.entity = config.features().map(FeaturesSection::entity);
        this.maxRows = config.maxRequestRows();
        this.defaultTimeout = defaultTimeout;
        this.brokerClock = brokerClock;
        this.planner = planner;
        this.notYetKnown = new PaddingPlan(
                "features are missing", 1, Map.of(), RowLayout.of(signature.inputs(), signature.outputs()));
    }

    /**
     * @param topicLane the lane of the record's topic; its header {@code priority} may choose another
     * @throws InvalidRequestException when the record breaks a rule of the protocol or of the model's signature
     */
    public Task decode(
            AcceptedRecord accepted,
            ConsumerRecord<byte[], byte[]> record,
            Lane topicLane,
            long nowNanos,
            long nowMillis)
            throws InvalidRequestException {
        Lane lane = RecordHeaders.lane(record.headers()).orElse(topicLane);
        InferenceRequest request = read(record);
        List<Tensor> inputs = signature.orderedInputs(request);
        long rows = signature.rows(request);
        if (rows > maxRows) {
            throw new InvalidRequestException(
                    "inputs[0].shape", "must have 1.." + maxRows + " rows in one request, had " + rows);
        }
        long brokerMillis = brokerClock.at(nowMillis);
        long arrivedMillis = arrivedMillis(record, brokerMillis);
        long ageMillis = Math.max(0, brokerMillis - arrivedMillis);
        long arrivalNanos = nowNanos - ageMillis * 1_000_000;
        long deadlineNanos = arrivalNanos + Math.multiplyExact(timeoutMillis(record, arrivedMillis), 1_000_000L);
        accepted.term(new Term(arrivalNanos, deadlineNanos));
        return new Task(accepted, lane, request, inputs, paddingPlan(inputs), arrivalNanos, deadlineNanos);
    }

    /**
     * When the request expires, in milliseconds by the broker's clock; empty when it has expired at {@code nowMillis} of this process's.
     *
     * @throws InvalidRequestException when the record's deadline is not a number
     */
    public OptionalLong deadlineMillis(ConsumerRecord<byte[], byte[]> record, long nowMillis)
            throws InvalidRequestException {
        long brokerMillis = brokerClock.at(nowMillis);
        long arrivedMillis = arrivedMillis(record, brokerMillis);
        long deadline = arrivedMillis + timeoutMillis(record, arrivedMillis);
        return deadline > brokerMillis ? OptionalLong.of(deadline) : OptionalLong.empty();
    }

    private InferenceRequest read(ConsumerRecord<byte[], byte[]> record) throws InvalidRequestException {
        if (record.value() == null) {
            throw new InvalidRequestException("value", "must be a v2 request, was null");
        }
        OptionalInt jsonLength = RecordHeaders.jsonLength(record.headers());
        Payload payload = new Payload(ByteBuffer.wrap(record.value()), jsonLength);
        return reader.read(payload, signature);
    }

    /**
     * When the log got the record, by the broker's clock. A topic with the producers' timestamps does not say that: their clocks may be
     * minutes off. There a record counts as new when it is read, so none expires by the clock of a stranger.
     */
    private static long arrivedMillis(ConsumerRecord<byte[], byte[]> record, long brokerMillis) {
        return record.timestampType() == TimestampType.CREATE_TIME ? brokerMillis : record.timestamp();
    }

    /** Milliseconds from arrival in the log to the deadline, by the broker's clock. */
    private long timeoutMillis(ConsumerRecord<byte[], byte[]> record, long arrivedMillis)
            throws InvalidRequestException {
        long longest = Duration.ofDays(30).toMillis();
        Optional<Long> timeout = RecordHeaders.number(record.headers(), RecordHeaders.TIMEOUT_MS, 1);
        Optional<Long> deadline = RecordHeaders.number(record.headers(), RecordHeaders.DEADLINE_MS, 1);
        long millis = timeout.or(() -> deadline.map(at -> Math.max(0, at - arrivedMillis)))
                .orElse(defaultTimeout.toMillis());
        return Math.min(millis, longest);
    }

    private PaddingPlan paddingPlan(List<Tensor> inputs) {
        boolean isJoinedLater = entity.isPresent()
                && inputs.stream().anyMatch(input -> input.name().equals(entity.get()));
        return isJoinedLater ? notYetKnown : planner.plan(inputs);
    }
}
