package dev.penstock.worker.loop;

import static dev.penstock.worker.loop.ManualAccelerator.BAD;
import static dev.penstock.worker.loop.Tasks.awaited;
import static dev.penstock.worker.loop.Tasks.task;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.batching.BatchPolicy;
import dev.penstock.batching.Batcher;
import dev.penstock.batching.CostModel;
import dev.penstock.batching.Window;
import dev.penstock.messages.RequestIds;
import dev.penstock.messages.Topics;
import dev.penstock.model.config.CacheSection;
import dev.penstock.worker.accepted.Effort;
import dev.penstock.worker.accepted.ReplyAddress;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A loop whose answers are given again, on a virtual clock. */
class AnswerCacheTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long FAR = 1000 * SECOND;
    private static final Map<String, Object> MISS = Map.of("cache", "miss");
    private static final Map<String, Object> JOINED = Map.of("cache", "joined");

    private final ManualAccelerator accelerator = new ManualAccelerator();
    private final RecordedReplies replies = new RecordedReplies();
    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final WorkerLoop loop = loop(new CacheSection(Duration.ofSeconds(10), 100_000, false));

    @Test
    void ofEqualRequestsOneRuns() {
        loop.offer(task("first", 1, FAR));
        loop.step(0);
        loop.offer(task("equal", 1, FAR));
        loop.offer(task("different", 2, FAR));
        loop.step(1);
        accelerator.finish();
        loop.step(2);
        assertThat(replies.status).containsOnly(Map.entry("first", "succeeded"), Map.entry("equal", "succeeded"));
        Task later = task("later", 1, FAR);
        loop.offer(later);
        loop.step(2 + 3 * SECOND);
        assertThat(accelerator.running()).as("only this one runs").containsExactly(2);
        assertThat(replies.rows).containsEntry("equal", List.of(1)).containsEntry("later", List.of(1));
        assertThat(replies.remarks)
                .containsOnly(
                        Map.entry("first", MISS),
                        Map.entry("equal", JOINED),
                        Map.entry("later", Map.of("cache", "hit", "cache_age_ms", 3000L)));
        assertThat(later.record().effort()).as("the gate counts it as served").isEqualTo(Effort.RAN);
        assertThat(count("hit")).isEqualTo(1);
        assertThat(count("joined")).isEqualTo(1);
        assertThat(count("miss")).isEqualTo(2);
    }

    @Test
    void keepsTheRowsOfEachRequestOfABatch() {
        loop.offer(task("a", 1, FAR));
        loop.offer(task("b", 2, FAR));
        loop.step(0);
        accelerator.finish();
        loop.step(1);
        run(loop, "again", 2, 2);
        assertThat(replies.rows).containsEntry("b", List.of(2)).containsEntry("again", List.of(2));
        assertThat(replies.remarks.get("again")).containsEntry("cache", "hit");
    }

    @Test
    void anOldAnswerIsNotGivenAgain() {
        run(loop, "first", 1, 0);
        run(loop, "old enough", 1, 10 * SECOND - 10);
        run(loop, "too old", 1, 11 * SECOND);
        assertThat(replies.remarks.get("old enough")).containsEntry("cache", "hit");
        assertThat(replies.remarks.get("too old")).isEqualTo(MISS);
    }

    @Test
    void keepsNoMoreBytesThanItMay() {
        WorkerLoop small = loop(new CacheSection(Duration.ofSeconds(10), 20 * 513, false));
        for (int i = 0; i < 100; i++) {
            run(small, "a" + i, i, i);
        }
        for (int i = 0; i < 100; i++) {
            run(small, "b" + i, i, 100 + i);
        }
        assertThat(count("hit")).isLessThanOrEqualTo(20);
    }

    @Test
    void whatWaitedForARequestThatFailedRuns() {
        loop.offer(task("bad", BAD, FAR));
        loop.step(0);
        loop.offer(task("equal", BAD, FAR));
        loop.offer(task("also", BAD, FAR));
        loop.step(1);
        accelerator.finish();
        loop.step(2);
        assertThat(replies.status).containsOnly(Map.entry("bad", "failed"));
        assertThat(accelerator.running()).as("together").containsExactly(BAD, BAD);
    }

    @Test
    void whatWaitedForARequestThatWasCancelledRuns() {
        loop.offer(task("busy", 9, FAR));
        loop.step(0);
        loop.offer(task("taken back", 1, FAR));
        loop.step(1);
        loop.offer(task("equal", 1, FAR));
        loop.step(2);
        replies.cancelled.add("taken back");
        accelerator.finish();
        loop.step(3);
        loop.step(4);
        accelerator.finish();
        loop.step(5);
        assertThat(replies.status).containsEntry("taken back", "cancelled").containsEntry("equal", "succeeded");
    }

    @Test
    void whatWasCancelledWhileItWaitedIsNotAnswered() {
        loop.offer(task("first", 1, FAR));
        loop.step(0);
        loop.offer(task("taken back", 1, FAR));
        loop.step(1);
        replies.cancelled.add("taken back");
        accelerator.finish();
        loop.step(2);
        assertThat(replies.status).containsEntry("first", "succeeded").containsEntry("taken back", "cancelled");
    }

    @Test
    void nobodyWaitsForARequestThatHasMoreTime() {
        loop.offer(task("patient", 1, FAR));
        loop.step(0);
        loop.offer(task("hurried", 1, 100));
        loop.step(1);
        accelerator.finish();
        loop.step(2);
        assertThat(replies.status).containsOnly(Map.entry("patient", "succeeded"));
        accelerator.finish();
        loop.step(3);
        assertThat(replies.status).containsEntry("hurried", "succeeded");
    }

    @Test
    void aTenantGetsOnlyAnswersOfItsOwnCalls() {
        run(loop, of(1, "a"), 0);
        run(loop, of(2, "b"), 10);
        run(loop, of(1, "c"), 20);
        run(loop, task("of a system", 1, FAR), 30);
        assertThat(count("miss")).isEqualTo(3);
        assertThat(count("hit")).isEqualTo(1);

        WorkerLoop shared = loop(new CacheSection(Duration.ofSeconds(10), 100_000, true));
        run(shared, of(1, "d"), 0);
        run(shared, of(2, "e"), 10);
        assertThat(count("hit")).isEqualTo(2);
    }

    @Test
    void noSynchronousCallWaitsForARequestThatWaitsForTheCentre() {
        accelerator.isUnavailable = true;
        loop.offer(task("patient", 1, FAR));
        loop.step(0);
        loop.offer(awaited("joined", 1, FAR));
        loop.step(1);
        accelerator.finish();
        loop.step(2);
        assertThat(replies.status).containsOnly(Map.entry("joined", "failed"));
        loop.offer(awaited("comes", 1, FAR));
        loop.offer(awaited("of another", 2, FAR));
        loop.offer(task("also patient", 1, FAR));
        loop.offer(awaited("comes later", 1, FAR));
        loop.step(3);
        assertThat(replies.status).hasSize(4).containsEntry("comes", "failed").containsEntry("comes later", "failed");

        accelerator.isUnavailable = false;
        loop.step(2 + Outage.REST_NANOS);
        accelerator.finish();
        loop.step(3 + Outage.REST_NANOS);
        assertThat(replies.status).containsEntry("patient", "succeeded").containsEntry("also patient", "succeeded");
        run(loop, "of another, again", 2, 4 + Outage.REST_NANOS);
        assertThat(replies.status).containsEntry("of another, again", "succeeded");
    }

    @Test
    void theAnswerOfAnotherModelIsNotKept() {
        Batcher<Task> batcher = new Batcher<>(BatchPolicy.of(8, Window.fixed(0)), new CostModel());
        WorkerLoop substituted = loop(
                new CacheSection(Duration.ofSeconds(10), 100_000, false),
                Site.fallback("small", batcher, List.of(List.of(accelerator))));
        substituted.offer(task("first", 1, FAR));
        substituted.step(0);
        substituted.offer(task("equal", 1, FAR));
        substituted.step(1);
        accelerator.finish();
        substituted.step(2);
        assertThat(replies.remarks.get("equal"))
                .isEqualTo(Map.of("cache", "joined", "fallback", true, "served_by", "small"));
        run(substituted, "later", 1, 10);
        assertThat(replies.remarks.get("later")).containsEntry("cache", "miss");
    }

    private double count(String result) {
        return registry.get("inference.answer.cache.requests")
                .tag("result", result)
                .counter()
                .count();
    }

    private static Task of(int tenant, String number) {
        RequestIds ids = new RequestIds("a key that only the tests know".getBytes(UTF_8));
        Task task = task(ids.issue(1, 1000, tenant, 7, number.hashCode()).text(), 1, FAR);
        task.record().replyTo(new ReplyAddress(Topics.RESULTS, Optional.empty()));
        return task;
    }

    private void run(WorkerLoop of, String name, int value, long now) {
        run(of, task(name, value, FAR), now);
    }

    private void run(WorkerLoop of, Task task, long now) {
        of.offer(task);
        of.step(now);
        if (accelerator.isBusy()) {
            accelerator.finish();
            of.step(now + 1);
        }
    }

    private WorkerLoop loop(CacheSection section) {
        Batcher<Task> batcher = new Batcher<>(BatchPolicy.of(8, Window.fixed(0)), new CostModel());
        return loop(section, Site.home(batcher, List.of(List.of(accelerator))));
    }

    private WorkerLoop loop(CacheSection section, Site site) {
        WorkerMeters meters = new WorkerMeters(registry, "m");
        return new WorkerLoop(
                List.of(site), Optional.of(new AnswerCache(section, meters)), replies, meters, lost -> {}, () -> {});
    }
}
