package dev.penstock.bench;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.function.IntFunction;

/**
 * A load of HTTP/1.1 requests over keep-alive connections. One thread drives it, to leave the machine to the system under test. Build it
 * with the {@code with} methods, then call {@link #run}.
 *
 * @param target scheme {@code http}, host and port
 * @param requests returns all bytes of request i (see {@link PostTemplate}); i counts from 0, including the warm-up
 * @param warmUp how long requests are sent before the measurement
 * @param patience how long a request may take, and how long a run continues without progress or past its end
 */
public record HttpLoad(
        URI target,
        IntFunction<byte[]> requests,
        int connections,
        Pace pace,
        Extent extent,
        Duration warmUp,
        Duration patience,
        Check check) {

    /** Decides when the next request starts. */
    public sealed interface Pace {}

    /** Closed loop: each connection sends its next request when it has the response to the last. */
    public record ClosedLoop() implements Pace {}

    /**
     * Open loop: a request is due at each tick of a constant rate, whether or not a connection is free. Latency is measured from the tick,
     * so a stalled server cannot hide its stall (coordinated omission).
     */
    public record OpenLoop(double ratePerSecond) implements Pace {
        public OpenLoop {
            require(
                    ratePerSecond > 0 && ratePerSecond <= 1e6,
                    "ratePerSecond must be above 0 and at most 1000000",
                    ratePerSecond);
        }
    }

    /** An open loop whose rate changes in steps. The last step continues. */
    public record Steps(List<Step> steps) implements Pace {
        public Steps {
            steps = List.copyOf(steps);
            require(!steps.isEmpty(), "steps must not be empty", steps);
        }

        public Duration duration() {
            return steps.stream().map(Step::duration).reduce(Duration.ZERO, Duration::plus);
        }

        /** Nanoseconds from the start of the run until this request is due. */
        long dueNanos(int index) {
            double before = 0;
            long from = 0;
            for (Step step : steps.subList(0, steps.size() - 1)) {
                if (index < before + step.requests()) {
                    return from + step.nanosTo(index - before);
                }
                before += step.requests();
                from += step.duration().toNanos();
            }
            return from + steps.getLast().nanosTo(index - before);
        }

        /** The number of requests due in this time from the start, or in all steps if they end earlier. */
        long dueBefore(long nanos) {
            double due = 0;
            long from = 0;
            for (Step step : steps) {
                long within = Math.clamp(nanos - from, 0, step.duration().toNanos());
                due += step.ratePerSecond() * within / 1e9;
                from += step.duration().toNanos();
            }
            return (long) Math.ceil(due - 1e-6);
        }
    }

    /** A constant rate for a duration. */
    public record Step(double ratePerSecond, Duration duration) {
        public Step {
            require(
                    ratePerSecond > 0 && ratePerSecond <= 1e6,
                    "ratePerSecond must be above 0 and at most 1000000",
                    ratePerSecond);
            require(duration.isPositive(), "duration must be positive", duration);
        }

        private double requests() {
            return ratePerSecond * duration.toNanos() / 1e9;
        }

        private long nanosTo(double request) {
            return (long) (request * 1e9 / ratePerSecond);
        }
    }

    /** The length of the measured part. */
    public sealed interface Extent {}

    public record Lasting(Duration duration) implements Extent {
        public Lasting {
            require(duration.isPositive(), "duration must be positive", duration);
        }
    }

    public record Counting(int requests) implements Extent {
        public Counting {
            require(requests >= 1, "requests must be 1 or more", requests);
        }
    }

    public HttpLoad {
        require("http".equals(target.getScheme()) && target.getPort() > 0, "target must be http://HOST:PORT", target);
        require(connections >= 1 && connections <= 10_000, "connections must be in 1..10000", connections);
        require(!warmUp.isNegative(), "warmUp must not be negative", warmUp);
        require(patience.isPositive(), "patience must be positive", patience);
    }

    /** Default: one connection, closed loop, one second, no warm-up, no check. */
    public static HttpLoad of(URI target, IntFunction<byte[]> requests) {
        return new HttpLoad(
                target,
                requests,
                1,
                new ClosedLoop(),
                new Lasting(Duration.ofSeconds(1)),
                Duration.ZERO,
                Duration.ofSeconds(30),
                Check.NONE);
    }

    public HttpLoad withRequests(IntFunction<byte[]> requests) {
        return new HttpLoad(target, requests, connections, pace, extent, warmUp, patience, check);
    }

    public HttpLoad withConnections(int connections) {
        return new HttpLoad(target, requests, connections, pace, extent, warmUp, patience, check);
    }

    public HttpLoad withPace(Pace pace) {
        return new HttpLoad(target, requests, connections, pace, extent, warmUp, patience, check);
    }

    public HttpLoad withExtent(Extent extent) {
        return new HttpLoad(target, requests, connections, pace, extent, warmUp, patience, check);
    }

    public HttpLoad withWarmUp(Duration warmUp) {
        return new HttpLoad(target, requests, connections, pace, extent, warmUp, patience, check);
    }

    public HttpLoad withPatience(Duration patience) {
        return new HttpLoad(target, requests, connections, pace, extent, warmUp, patience, check);
    }

    public HttpLoad withCheck(Check check) {
        return new HttpLoad(target, requests, connections, pace, extent, warmUp, patience, check);
    }

    /** Runs the load on the calling thread. Fails when the target is unreachable at the start; counts later faults. */
    public LoadResult run() throws IOException {
        try (HttpRun run = new HttpRun(this, System::nanoTime)) {
            return run.run();
        }
    }

    private static void require(boolean holds, String rule, Object was) {
        if (!holds) {
            throw new IllegalArgumentException(rule + ", was " + was);
        }
    }
}
