package dev.penstock.batching;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class BatcherProperties {

    /** Whatever comes, and whenever the batcher is asked: each request leaves once, in a legal batch or expired. */
    @Property
    void everyRequestLeavesExactlyOnce(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 16) int max,
            @ForAll @LongRange(min = 0, max = 200) long delay) {
        Random random = new Random(seed);
        Batcher<Integer> batcher = new Batcher<>(new BatchPolicy(max, delay));
        List<Integer> left = new ArrayList<>();
        long now = random.nextLong();
        int offered = 0;
        while (offered < 200 || batcher.waitingRows() > 0) {
            for (int burst = random.nextInt(8); burst > 0 && offered < 200; burst--) {
                long arrival = now - random.nextInt(50);
                batcher.offer(new Waiting<>(
                        offered++, random.nextInt(3), 1 + random.nextInt(max), arrival, now + random.nextInt(400)));
            }
            switch (batcher.next(now)) {
                case Step.Run<Integer> run -> {
                    long at = now;
                    assertThat(run.rows()).isBetween(1, max);
                    assertThat(run.batch())
                            .extracting(Waiting::key)
                            .containsOnly(run.batch().getFirst().key());
                    assertThat(run.batch()).allMatch(waiting -> waiting.deadlineNanos() - at > 0);
                    run.batch().forEach(waiting -> left.add(waiting.request()));
                }
                case Step.Expire<Integer> expire -> {
                    long at = now;
                    assertThat(expire.requests()).isNotEmpty().allMatch(waiting -> waiting.deadlineNanos() - at <= 0);
                    expire.requests().forEach(waiting -> left.add(waiting.request()));
                }
                case Step.WaitUntil<Integer> wait -> {
                    assertThat(wait.nanos() - now).isPositive().isLessThanOrEqualTo(delay);
                    now = wait.nanos();
                }
                case Step.Idle<Integer> idle ->
                    assertThat(batcher.waitingRows()).isZero();
            }
            now += random.nextInt(20);
        }
        assertThat(left).hasSize(200).doesNotHaveDuplicates();
    }
}
