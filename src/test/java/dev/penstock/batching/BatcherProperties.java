package dev.penstock.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.protocol.Lane;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class BatcherProperties {

    /** For any arrivals and any times of asking, each row leaves once: in a legal batch or expired. */
    @Property
    void everyRowLeavesExactlyOnce(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 16) int max,
            @ForAll @LongRange(min = 0, max = 200) long delay) {
        Random random = new Random(seed);
        Batcher<Integer> batcher = new Batcher<>(BatchPolicy.of(max, Window.fixed(delay)), new CostModel());
        Map<Integer, Integer> rowsLeft = new HashMap<>();
        long now = random.nextLong();
        int offered = 0;
        while (offered < 200 || batcher.waitingRows() > 0) {
            for (int burst = random.nextInt(8); burst > 0 && offered < 200; burst--) {
                int rows = 1 + random.nextInt(2 * max);
                rowsLeft.put(offered, rows);
                batcher.offer(new QueuedRequest<>(
                        offered++,
                        random.nextInt(3),
                        random.nextBoolean() ? Lane.BULK : Lane.INTERACTIVE,
                        rows,
                        now - random.nextInt(50),
                        now + random.nextInt(400)));
            }
            long freeAt = now + random.nextInt(60) - 30;
            Room room = new Room(freeAt, freeAt + random.nextInt(10), random.nextInt(20));
            switch (batcher.next(now, room)) {
                case Step.Run<Integer> run -> {
                    long latest = Math.max(0, freeAt - now) + now;
                    assertThat(run.rows()).isBetween(1, max);
                    assertThat(run.batch()).allMatch(part -> part.of().key().equals(run.key()));
                    assertThat(run.batch()).allMatch(part -> part.of().deadlineNanos() - latest > 0);
                    run.batch().forEach(part -> leave(part, rowsLeft));
                }
                case Step.Expire<Integer> expire -> {
                    assertThat(expire.parts()).isNotEmpty();
                    expire.parts().forEach(part -> leave(part, rowsLeft));
                }
                case Step.WaitUntil<Integer> wait -> {
                    assertThat(wait.nanos() - now).isPositive().isLessThanOrEqualTo(Math.max(delay, freeAt - now));
                    now = wait.nanos();
                }
                case Step.Idle<Integer> idle ->
                    assertThat(batcher.waitingRows()).isZero();
            }
            now += random.nextInt(20);
        }
        assertThat(rowsLeft.values()).allMatch(rows -> rows == 0);
    }

    private static void leave(Part<Integer> part, Map<Integer, Integer> rowsLeft) {
        assertThat(rowsLeft.merge(part.request(), -part.rows(), Integer::sum)).isNotNegative();
    }
}
