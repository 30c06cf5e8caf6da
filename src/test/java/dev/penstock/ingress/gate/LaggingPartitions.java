package dev.penstock.ingress.gate;

import dev.penstock.protocol.Lane;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Shows a {@link Steering} what Kafka says of the interactive partitions of model {@code m}. */
public final class LaggingPartitions {
    private static final long LOOK_NANOS = 250_000_000L;

    private final Steering steering;
    private final long[] end;
    private final long[] committed;
    private long now;

    public LaggingPartitions(Steering steering, int partitions) {
        this.steering = steering;
        this.end = new long[partitions];
        this.committed = new long[partitions];
    }

    public void look() {
        now += LOOK_NANOS;
        List<PartitionLag> lags = new ArrayList<>();
        for (int partition = 0; partition < end.length; partition++) {
            lags.add(new PartitionLag(partition, end[partition], committed[partition]));
        }
        steering.observed("m", Map.of(Lane.INTERACTIVE, new LagWatch.LaneLag(lags, LaneWork.NONE)), now);
    }

    /** From now on this partition has work and does not drain, while the others do. */
    public void makeStuck(int stuck) {
        for (int look = 0; look < 6; look++) {
            for (int partition = 0; partition < end.length; partition++) {
                end[partition]++;
                committed[partition] += partition == stuck ? 0 : 1;
            }
            look();
        }
    }
}
