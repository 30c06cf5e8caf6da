package dev.penstock.ingress.outcomes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.kafka.IndexPosition;
import dev.penstock.kafka.TopicIndexer;
import dev.penstock.local.RedisUnderTest;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.messages.Timings;
import dev.penstock.protocol.Payload;
import dev.penstock.redis.GuardedRedis;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.quota.OpenRequests;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Long polls while Redis fails. */
class OutcomeWatchTest {
    private final Vertx vertx = Vertx.vertx();
    private final RedisUnderTest redis = new RedisUnderTest();
    private final RequestIdIssuer ids = new RequestIdIssuer(new byte[16], System::currentTimeMillis);
    private final RequestId id = ids.issue(Tenant.anonymous(Optional.empty()), Duration.ofSeconds(30));
    private final ResultStore results = store(redis.client());
    private final OutcomeFinder finder = new OutcomeFinder(
            results, sought -> CompletableFuture.failedFuture(new TimeoutException("Kafka is away too")));
    private final OwnPartitions own = new OwnPartitions(ids);
    private final OutcomeWatch watch = new OutcomeWatch(vertx, redis.client(), finder, own, System::currentTimeMillis);

    @AfterEach
    void close() {
        redis.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void keepsWaitingWhileRedisIsDown() throws Exception {
        redis.freeze();
        CompletableFuture<Optional<StoredResult>> outcome;
        try {
            outcome = watch.await(id, Duration.ofSeconds(30));
            assertThat(find()).as("Redis is down").isCompletedExceptionally();
        } finally {
            redis.goOn();
        }
        assertThat(outcome).isNotDone();
        Reply reply = new Reply(id.toString(), "digits", "1", new Outcome.Cancelled(), Timings.NONE);
        store(reply);
        assertThat(outcome)
                .succeedsWithin(Duration.ofSeconds(10))
                .satisfies(found -> assertThat(found.map(StoredResult::reply)).contains(reply));
    }

    @Test
    void getsAnOutcomeInTheNotificationItself() {
        try (RedisUnderTest away = new RedisUnderTest()) {
            away.stop();
            ResultStore notHere = store(away.client());
            OutcomeWatch hears = new OutcomeWatch(
                    vertx,
                    redis.client(),
                    new OutcomeFinder(notHere, sought -> CompletableFuture.failedFuture(new TimeoutException())),
                    own,
                    System::currentTimeMillis);
            CompletableFuture<Optional<StoredResult>> outcome = hears.await(id, Duration.ofSeconds(30));
            awaitSubscription();
            Reply reply = new Reply(id.toString(), "digits", "1", new Outcome.Cancelled(), Timings.NONE);
            store(reply);
            assertThat(outcome)
                    .succeedsWithin(Duration.ofSeconds(10))
                    .satisfies(
                            found -> assertThat(found.map(StoredResult::reply)).contains(reply));
        }
    }

    @Test
    void findsALargeOutcomeThatIsNotInTheNotification() {
        CompletableFuture<Optional<StoredResult>> outcome = watch.await(id, Duration.ofSeconds(30));
        awaitSubscription();
        Outcome large = new Outcome.Succeeded(new Payload(ByteBuffer.allocate(100_000), OptionalInt.empty()));
        store(new Reply(id.toString(), "digits", "1", large, Timings.NONE));
        assertThat(outcome)
                .succeedsWithin(Duration.ofSeconds(10))
                .satisfies(
                        found -> assertThat(found.orElseThrow().reply().value()).hasSize(100_000));
    }

    @Test
    void findsAnOutcomeThatWasThereBefore() {
        store(new Reply(id.toString(), "digits", "1", new Outcome.Cancelled(), Timings.NONE));
        assertThat(watch.await(id, Duration.ofSeconds(30)))
                .succeedsWithin(Duration.ofSeconds(10))
                .satisfies(found -> assertThat(found).isPresent());
    }

    @Test
    void hearsOfAnOutcomeThatThisIngressReads() {
        takeUp();
        CompletableFuture<Optional<StoredResult>> outcome = watch.await(id, Duration.ofSeconds(30));
        ResultStore.Settled first = settled(new Outcome.Cancelled());
        watch.read(id, first.outcome(), new CompletableFuture<>());
        assertThat(outcome).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(Optional.of(first.outcome()));
    }

    /** A reply of a worker that was taken for dead. The wait begins between the two, and the second is read before it has looked. */
    @Test
    void neverTakesASecondOutcomeForTheFirst() throws Exception {
        takeUp();
        ResultStore.Settled first = settled(new Outcome.Cancelled());
        store(first);
        CompletableFuture<Optional<StoredResult>> outcome;
        redis.freeze();
        try {
            outcome = watch.await(id, Duration.ofSeconds(30));
            watch.read(id, settled(new Outcome.Expired()).outcome(), CompletableFuture.completedFuture(null));
            assertThat(outcome).isNotDone();
        } finally {
            redis.goOn();
        }
        assertThat(outcome).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(Optional.of(first.outcome()));
    }

    /** Redis does not have the first reply yet when the wait begins, so that an early look would find none. */
    @Test
    void looksOnlyOnceRedisHasWhatWasReadBefore() {
        takeUp();
        ResultStore.Settled first = settled(new Outcome.Cancelled());
        CompletableFuture<Void> stored = new CompletableFuture<>();
        watch.read(id, first.outcome(), stored);
        CompletableFuture<Optional<StoredResult>> outcome = watch.await(id, Duration.ofSeconds(30));
        for (int i = 0; i < 20; i++) {
            redis.send(Request.cmd(Command.PING)); // an early look has its answer before the last of these
        }
        watch.read(id, settled(new Outcome.Expired()).outcome(), stored);
        store(first);
        stored.complete(null);
        assertThat(outcome).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(Optional.of(first.outcome()));
    }

    @Test
    void subscribesOnlyToWhatThisIngressDoesNotRead() {
        takeUp();
        CompletableFuture<Optional<StoredResult>> here = watch.await(id, Duration.ofSeconds(30));
        RequestId other = new RequestIdIssuer(new byte[16], System::currentTimeMillis)
                .issue(Tenant.anonymous(Optional.empty()), Duration.ofSeconds(30));
        CompletableFuture<Optional<StoredResult>> elsewhere = watch.await(other, Duration.ofSeconds(30));
        await().until(() -> subscribers(other) == 1);
        assertThat(subscribers(id)).isZero();
        own.givenUp(0);
        CompletableFuture<Optional<StoredResult>> later = watch.await(id, Duration.ofSeconds(30));
        await().until(() -> subscribers(id) == 1);
        List.of(here, elsewhere, later).forEach(wait -> wait.complete(Optional.empty()));
        await().until(() -> subscribers(id) + subscribers(other) == 0);
    }

    @Test
    void findsWhatWasStoredBeforeWithoutASubscription() {
        takeUp();
        store(new Reply(id.toString(), "digits", "1", new Outcome.Cancelled(), Timings.NONE));
        assertThat(watch.await(id, Duration.ofSeconds(30)))
                .succeedsWithin(Duration.ofSeconds(10))
                .satisfies(found -> assertThat(found).isPresent());
    }

    @Test
    void keepsAnOutcomeThatItMayNotPublish() {
        redis.send(Request.cmd(Command.ACL).arg("SETUSER").arg("default").arg("resetchannels"));
        store(new Reply(id.toString(), "digits", "1", new Outcome.Cancelled(), Timings.NONE));
        assertThat(finder.find(id))
                .succeedsWithin(Duration.ofSeconds(10))
                .satisfies(found -> assertThat(found).isPresent());
    }

    @Test
    void failsAtTheEndOfTheWaitIfRedisAndKafkaAreDown() {
        redis.stop();
        CompletableFuture<Optional<StoredResult>> outcome = watch.await(id, Duration.ofMillis(300));
        assertThat(outcome).failsWithin(Duration.ofSeconds(10));
    }

    private void awaitSubscription() {
        await().until(() -> subscribers(id) == 1);
    }

    private int subscribers(RequestId request) {
        Request subscribers = Request.cmd(Command.PUBSUB).arg("NUMSUB").arg(ResultStore.channel(request));
        return redis.send(subscribers).get(1).toInteger();
    }

    private ResultStore store(Redis server) {
        GuardedRedis asked = new GuardedRedis("requests", server, Duration.ofMillis(200), Duration.ofMillis(500));
        return new ResultStore(
                server,
                asked,
                new OpenRequests(asked::send, () -> 1, System::currentTimeMillis),
                Duration.ofHours(1),
                System::currentTimeMillis);
    }

    private void takeUp() {
        own.topicHas(1);
        own.takenUp(0, id.issuedMillis() - 1);
    }

    private void store(Reply reply) {
        store(new ResultStore.Settled(id, new StoredResult(Instant.EPOCH, reply)));
    }

    private void store(ResultStore.Settled settled) {
        TopicIndexer.Step step =
                new TopicIndexer.Step(0, 1, Optional.empty(), new IndexPosition(1, 0, 0, 0), List.of());
        results.store(List.of(new ResultStore.Results(step, List.of(settled))))
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    private ResultStore.Settled settled(Outcome outcome) {
        Reply reply = new Reply(id.toString(), "digits", "1", outcome, Timings.NONE);
        return new ResultStore.Settled(id, new StoredResult(Instant.EPOCH, reply));
    }

    private CompletableFuture<Optional<StoredResult>> find() {
        CompletableFuture<Optional<StoredResult>> found = finder.find(id);
        found.handle((result, failure) -> failure).join();
        return found;
    }
}
