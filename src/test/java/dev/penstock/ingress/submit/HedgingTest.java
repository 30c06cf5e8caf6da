package dev.penstock.ingress.submit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.CheckedCalls;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.ingress.gate.AdmissionControl;
import dev.penstock.ingress.gate.AdmittedRequest;
import dev.penstock.ingress.gate.LaggingPartitions;
import dev.penstock.ingress.gate.Place;
import dev.penstock.ingress.gate.Steering;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.messages.Timings;
import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Tenant;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** Two partitions, each with a reader of its own. Calls have 30 s. */
class HedgingTest {
    private static final long MILLI = 1_000_000;
    private static final long APPENDED_MILLIS = 1_700_000_000_000L;
    private static final Tenant TENANT = Tenant.anonymous(Optional.empty());

    private final RequestIdIssuer ids =
            new RequestIdIssuer("a key that only the tests know".getBytes(UTF_8), System::currentTimeMillis);
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final List<ProducerRecord<byte[], byte[]>> published = new ArrayList<>();
    private long now;
    private final Catalogue catalogue = new Catalogue(Duration.ofHours(1).toNanos(), () -> now);
    private final Steering steering = new Steering(catalogue);
    private final AdmissionControl admission =
            new AdmissionControl(catalogue, steering, Duration.ofSeconds(5), meters, () -> now);
    private final LaggingPartitions lagging = new LaggingPartitions(steering, 2);
    private Hedging hedging = hedging(0.05);

    private record Waiting(RequestId id, Hedging.OpenCall call, CompletableFuture<Optional<Reply>> arrived) {}

    @Test
    void publishesALateCallOnceMoreToTheOtherPartition() {
        learn();
        Waiting call = start(0, 0);

        after(49 * MILLI);
        assertThat(published).isEmpty();
        after(MILLI);
        after(1000 * MILLI);

        assertThat(published).hasSize(1);
        ProducerRecord<byte[], byte[]> copy = published.getFirst();
        assertThat(copy.partition()).isEqualTo(1);
        assertThat(RecordHeaders.text(copy.headers(), RecordHeaders.CORRELATION_ID))
                .hasValue(call.id.toString());
        assertThat(RecordHeaders.text(copy.headers(), RecordHeaders.COPY)).hasValue("1");
        assertThat(RecordHeaders.text(copy.headers(), RecordHeaders.TIMEOUT_MS)).isEmpty();
        assertThat(RecordHeaders.text(copy.headers(), RecordHeaders.DEADLINE_MS))
                .hasValue(Long.toString(APPENDED_MILLIS + 30_000));
        assertThat(hedged("late")).isEqualTo(1);
    }

    @Test
    void publishesNothingThatIsAnswered() {
        learn();
        Waiting call = start(0, 0);
        call.arrived.complete(Optional.of(reply(call.id)));
        after(1000 * MILLI);
        assertThat(published).isEmpty();
    }

    @Test
    void publishesNothingThatIsMerelyQueued() {
        learn();
        start(0, 500 * MILLI);
        after(900 * MILLI);
        assertThat(published).isEmpty();
        after(60 * MILLI);
        assertThat(published).hasSize(1);
    }

    @Test
    void publishesNothingThatCouldNotBeAnsweredInTime() {
        for (int call = 0; call < 100; call++) {
            Waiting slow = start(0, 0);
            now += 12_000 * MILLI;
            slow.arrived.complete(Optional.of(reply(slow.id)));
        }
        start(0, 0);
        after(29_000 * MILLI); // late by far
        assertThat(published).isEmpty();
    }

    @Test
    void keepsToItsShare() {
        learn();
        int before = 200;
        for (int call = 0; call < 1000; call++) {
            start(0, 0);
        }
        after(60 * MILLI);
        assertThat(published).hasSizeBetween(20, 20 + (before + 1000) / 20);
    }

    @Test
    void publishesEveryCallOfAStuckPartitionAgainAtOnce() {
        learn();
        for (int call = 0; call < 1000; call++) {
            start(0, 0);
            start(1, 0).arrived.complete(Optional.empty());
        }
        lagging.makeStuck(0);

        after(50 * MILLI);

        assertThat(published)
                .hasSize(1000)
                .allSatisfy(copy -> assertThat(copy.partition()).isEqualTo(1));
        assertThat(hedged("stuck")).isEqualTo(1000);
        after(1000 * MILLI);
        assertThat(published).hasSize(1000);
    }

    @Test
    void isOffWithAShareOfZero() {
        hedging = hedging(0);
        learn();
        start(0, 0);
        lagging.makeStuck(0);
        after(1000 * MILLI);
        assertThat(published).isEmpty();
    }

    @Test
    void recognizesTheSecondReply() {
        learn();
        Waiting call = start(0, 0);
        after(50 * MILLI);
        call.arrived.complete(Optional.of(reply(call.id)));

        assertThat(duplicatesAfterAnotherReply(call)).isEqualTo(1);
    }

    @Test
    void theFirstReplyAfterTheDeadlineIsNoDuplicate() {
        learn();
        Waiting call = start(0, 0);
        after(50 * MILLI);
        call.arrived.complete(Optional.empty());

        assertThat(duplicatesAfterAnotherReply(call)).isZero();
        assertThat(duplicatesAfterAnotherReply(call)).isEqualTo(1);
    }

    @Test
    void aReplyToACallWithOneCopyIsNoDuplicate() {
        Waiting call = start(0, 0);
        call.arrived.complete(Optional.of(reply(call.id)));
        assertThat(duplicatesAfterAnotherReply(call)).isZero();
    }

    private double duplicatesAfterAnotherReply(Waiting call) {
        hedging.unclaimed(call.id.toString());
        return meters.get("inference.duplicate.replies").counter().count();
    }

    private Hedging hedging(double share) {
        return new Hedging(
                admission,
                steering,
                record -> {
                    published.add(record);
                    return CompletableFuture.completedFuture(Publication.ACKNOWLEDGED);
                },
                new Hedging.Settings(share, Duration.ofMillis(50), 10_000),
                meters,
                () -> now);
    }

    /** Two hundred calls that take 5 ms. */
    private void learn() {
        lagging.look();
        for (int call = 0; call < 200; call++) {
            Waiting quick = start(call % 2, 0);
            now += 5 * MILLI;
            quick.arrived.complete(Optional.of(reply(quick.id)));
        }
    }

    private Waiting start(int partition, long predictedWaitNanos) {
        CheckedCall checked = CheckedCalls.of(TENANT, 1);
        RequestId id = ids.issueToCaller(TENANT, checked.timeout());
        ProducerRecord<byte[], byte[]> record = RequestRecord.repliedTo(0, checked, id, OptionalInt.empty());
        CompletableFuture<Optional<Reply>> arrived = new CompletableFuture<>();
        Hedging.OpenCall call = hedging.watch(
                id,
                checked,
                record,
                now + checked.timeout().toNanos(),
                new AdmittedRequest(Place.UNLIMITED, predictedWaitNanos),
                arrived);
        call.acknowledged(new RecordMetadata(
                new TopicPartition(record.topic(), partition), 0, 0, APPENDED_MILLIS, 0, record.value().length));
        return new Waiting(id, call, arrived);
    }

    private void after(long nanos) {
        now += nanos;
        hedging.sweep(now);
    }

    private double hedged(String reason) {
        return meters.get("inference.hedged.requests")
                .tags("model", "m", "reason", reason)
                .counter()
                .count();
    }

    private static Reply reply(RequestId id) {
        Outcome failed = new Outcome.Failed(Problem.of(Problem.Kind.NOT_FOUND, "for example"));
        return new Reply(id.toString(), "m", "1", failed, Timings.NONE);
    }
}
