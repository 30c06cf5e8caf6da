package dev.penstock.bench;

/** Decides which request starts when. Pure: time is a parameter. */
final class Schedule {
    private final HttpLoad.Pace pace;
    private final HttpLoad.Extent extent;
    private final long startNanos;
    private final long measureFromNanos;
    private int taken;
    private int measuredTaken;

    Schedule(HttpLoad load, long startNanos) {
        this.pace = load.pace();
        this.extent = load.extent();
        this.startNanos = startNanos;
        this.measureFromNanos = startNanos + load.warmUp().toNanos();
    }

    long measureFromNanos() {
        return measureFromNanos;
    }

    /** When the next request is due. */
    long nextDueNanos(long nowNanos) {
        return switch (pace) {
            case HttpLoad.ClosedLoop closed -> nowNanos;
            case HttpLoad.OpenLoop open -> startNanos + (long) (taken * 1e9 / open.ratePerSecond());
            case HttpLoad.Steps steps -> startNanos + steps.dueNanos(taken);
        };
    }

    boolean isMeasured(long dueNanos) {
        return dueNanos - measureFromNanos >= 0;
    }

    /** Takes the next request and returns its index. */
    int take(long dueNanos) {
        if (isMeasured(dueNanos)) {
            measuredTaken++;
        }
        return taken++;
    }

    /** Whether all requests are taken. */
    boolean isOver(long nowNanos) {
        return switch (extent) {
            case HttpLoad.Counting counting -> measuredTaken >= counting.requests();
            case HttpLoad.Lasting lasting ->
                nextDueNanos(nowNanos) - measureFromNanos >= lasting.duration().toNanos();
        };
    }

    /** Whether a run that is still busy has passed its end by more than the patience. */
    boolean isOverrun(long nowNanos, long patienceNanos) {
        return switch (extent) {
            case HttpLoad.Counting counting -> false;
            case HttpLoad.Lasting lasting ->
                nowNanos - measureFromNanos > lasting.duration().toNanos() + patienceNanos;
        };
    }

    /** The number of measured requests that were due but never taken. */
    long untaken() {
        return switch (extent) {
            case HttpLoad.Counting counting -> counting.requests() - measuredTaken;
            case HttpLoad.Lasting lasting ->
                switch (pace) {
                    case HttpLoad.ClosedLoop closed -> 0;
                    case HttpLoad.OpenLoop open -> {
                        double planned = Math.ceil(lasting.duration().toNanos() / 1e9 * open.ratePerSecond());
                        yield Math.max(0, (long) planned - measuredTaken);
                    }
                    case HttpLoad.Steps steps -> {
                        long warmUp = measureFromNanos - startNanos;
                        long planned =
                                steps.dueBefore(warmUp + lasting.duration().toNanos()) - steps.dueBefore(warmUp);
                        yield Math.max(0, planned - measuredTaken);
                    }
                };
        };
    }
}
