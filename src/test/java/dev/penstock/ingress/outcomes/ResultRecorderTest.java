package dev.penstock.ingress.outcomes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.kafka.IndexPosition;
import dev.penstock.kafka.TopicIndexer;
import dev.penstock.local.RedisUnderTest;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.messages.Timings;
import dev.penstock.messages.Topics;
import dev.penstock.redis.GuardedRedis;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.quota.OpenRequests;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which outcomes a recorder hands over without Redis. */
class ResultRecorderTest {
    private static final long SINCE = 1_000_000;

    private final RedisUnderTest redis = new RedisUnderTest();
    private final GuardedRedis guarded =
            new GuardedRedis("requests", redis.client(), Duration.ofSeconds(5), Duration.ofSeconds(1));
    private long nowMillis = SINCE + 1;
    private final RequestIdIssuer ids = issuer();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final List<RequestId> handedOver = new ArrayList<>();
    private final ResultStore results = new ResultStore(
            redis.client(),
            guarded,
            new OpenRequests(guarded::send, () -> 1, () -> nowMillis),
            Duration.ofHours(1),
            () -> nowMillis);
    private final ResultRecorder recorder = new ResultRecorder(
            results,
            ids,
            new DroppedReplyMeters(meters),
            new OwnPartitions(ids),
            (id, outcome, stored) -> handedOver.add(id));

    @BeforeEach
    void takeUp() {
        recorder.takenUp(0, SINCE);
    }

    @AfterEach
    void close() {
        redis.close();
    }

    @Test
    void handsOverTheOutcomeOfItsOwnRequest() {
        RequestId id = issue(ids);
        assertThat(record(id)).isPresent();
        assertThat(handedOver).containsExactly(id);
    }

    /** The ingress that read the partition before may have read an earlier reply. */
    @Test
    void keepsBackTheOutcomeOfARequestThatIsOlderThanItsHoldOnThePartition() {
        nowMillis = SINCE;
        RequestId id = issue(ids);
        assertThat(record(id)).as("it goes to Redis all the same").isPresent();
        assertThat(handedOver).isEmpty();
    }

    /** Whoever reads the partition now may hand over another reply. */
    @Test
    void keepsBackTheOutcomesOfAPartitionThatItHasGivenUp() {
        recorder.givenUp(0);
        assertThat(record(issue(ids))).isPresent();
        assertThat(handedOver).isEmpty();
    }

    /** Whose clock may be another one. */
    @Test
    void keepsBackTheOutcomeOfARequestOfAnotherIngress() {
        assertThat(record(issue(issuer()))).isPresent();
        assertThat(handedOver).isEmpty();
    }

    @Test
    void dropsAReplyThatNobodyAskedFor() {
        RequestId forged = issue(new RequestIdIssuer(
                new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, () -> nowMillis));
        assertThat(record(forged)).isEmpty();
        assertThat(handedOver).isEmpty();
        assertThat(meters.counter("inference.replies.dropped", "reason", "forged")
                        .count())
                .isEqualTo(1);
    }

    private RequestIdIssuer issuer() {
        return new RequestIdIssuer(new byte[16], () -> nowMillis);
    }

    private static RequestId issue(RequestIdIssuer issuer) {
        return issuer.issue(Tenant.anonymous(Optional.empty()), Duration.ofSeconds(30));
    }

    /** Returns what Redis has afterwards. */
    private Optional<StoredResult> record(RequestId id) {
        Headers headers = new RecordHeaders();
        Reply reply = new Reply(id.toString(), "digits", "1", new Outcome.Cancelled(), Timings.NONE);
        reply.writeHeaders(headers);
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(
                Topics.RESULTS,
                0,
                0,
                nowMillis,
                TimestampType.LOG_APPEND_TIME,
                0,
                0,
                null,
                reply.value(),
                headers,
                Optional.empty());
        TopicIndexer.Step step =
                new TopicIndexer.Step(0, 1, Optional.empty(), new IndexPosition(1, 0, 0, 0), List.of(record));
        assertThat(recorder.store(List.of(step)).toCompletableFuture().join()).isEmpty();
        return results.glance(id).toCompletionStage().toCompletableFuture().join();
    }
}
