package dev.penstock.bench;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.function.IntFunction;

/**
 * A load of HTTP/1.1 requests over keep-alive connections, driven by one thread so that it leaves the machine to the system under
 * test. Put together with the {@code with} methods, then {@link #run}.
 *
 * @param target scheme {@code http}, host and port
 * @param requests the i-th request, all its bytes (see {@link PostTemplate}); i counts from 0, warm-up included
 * @param warmUp how long requests are sent before they count
 * @param patience how long one request may take, and how long a run goes on without progress, or past its end
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

    /** When the next request starts. */
    public sealed interface Pace {}

    /** Each connection sends its next request when it has the answer to the last. */
    public record ClosedLoop() implements Pace {}

    /**
     * A request starts at each tick of a constant rate, whether or not a connection is free to send it: latency counts from that
     * tick, so a stalled server cannot hide its stall by stopping the clock (coordinated omission).
     */
    public record OpenLoop(double ratePerSecond) implements Pace {
        public OpenLoop {
            require(
                    ratePerSecond > 0 && ratePerSecond <= 1e6,
                    "ratePerSecond must be over 0 and up to 1000000",
                    ratePerSecond);
        }
    }

    /** An open loop whose rate changes: one step after the other; the last goes on. */
    public record Steps(List<Step> steps) implements Pace {
        public Steps {
            steps = List.copyOf(steps);
            require(!steps.isEmpty(), "steps must be one or more", steps);
        }

        public Duration duration() {
            return steps.stream().map(Step::duration).reduce(Duration.ZERO, Duration::plus);
        }

        /** From the start until that request starts. */
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

        /** Requests that start in so many nanoseconds from the start, or in all steps if those are over before. */
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

    /** A constant rate for a time. */
    public record Step(double ratePerSecond, Duration duration) {
        public Step {
            require(
                    ratePerSecond > 0 && ratePerSecond <= 1e6,
                    "ratePerSecond must be over 0 and up to 1000000",
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

    /** How long the measured part is. */
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

    /** One connection, closed loop, one second, no warm-up, no check. */
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

    /** Runs the load on the calling thread. Fails when the target cannot be reached at the start; later faults are counted. */
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
