package dev.penstock.bench;

import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;

/**
 * What a load found, and what it cost.
 *
 * @param kafka empty without a broker
 */
record CallCost(String load, String contender, LoadResult result, List<RoleCost> roles, Optional<KafkaCost> kafka) {

    Optional<RoleCost> role(String name) {
        return roles.stream().filter(each -> each.role().equals(name)).findFirst();
    }

    /** Microseconds of processor time for each answer, of all roles. */
    double cpuMicros() {
        return perCall(RoleCost::cpuMicros);
    }

    double allocatedBytes() {
        return perCall(RoleCost::allocatedBytes);
    }

    double switches() {
        return perCall(RoleCost::switches);
    }

    double perCall(long count) {
        return result.succeeded() == 0 ? Double.NaN : (double) count / result.succeeded();
    }

    private double perCall(ToLongFunction<RoleCost> part) {
        return perCall(roles.stream().mapToLong(part).sum());
    }
}
