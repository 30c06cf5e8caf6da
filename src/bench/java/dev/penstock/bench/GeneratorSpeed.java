package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.URI;
import java.time.Duration;
import java.util.List;

/** Measures the throughput and the CPU cost of the load generator itself, against an almost free server. */
final class GeneratorSpeed {
    private static final Duration WARM_UP = Duration.ofSeconds(2);
    private static final Duration MEASURED = Duration.ofSeconds(3);

    private GeneratorSpeed() {}

    /** Prints a line per measurement, and returns the number of errors. */
    static long measure(PrintStream out) throws IOException {
        long errors = 0;
        byte[] body = ("{\"inputs\":[" + "0.0,".repeat(64) + "0]}").getBytes(ISO_8859_1);
        for (int connections : List.of(1, 64, 256)) {
            errors += measure(out, body, connections, new HttpLoad.ClosedLoop());
        }
        return errors + measure(out, body, 256, new HttpLoad.OpenLoop(4200));
    }

    private static long measure(PrintStream out, byte[] body, int connections, HttpLoad.Pace pace) throws IOException {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        PostTemplate post = new PostTemplate(URI.create("http://127.0.0.1:8080/v2/models/digits/infer"), List.of());
        int length = post.with(body).length;
        try (ScriptedServer server = new ScriptedServer(length, n -> ScriptedServer.ok("0.1,".repeat(50)))) {
            long cpuNanos = threads.getCurrentThreadCpuTime();
            LoadResult result = HttpLoad.of(server.uri(), i -> post.with(body))
                    .withConnections(connections)
                    .withPace(pace)
                    .withWarmUp(WARM_UP)
                    .withExtent(new HttpLoad.Lasting(MEASURED))
                    .run();
            cpuNanos = threads.getCurrentThreadCpuTime() - cpuNanos;
            out.printf(
                    "%-12s %4d connections: %,9.0f requests/s, p50 %.3f ms, p99 %.3f ms, %d errors, generator busy %.0f %% of a core%n",
                    pace.getClass().getSimpleName(),
                    connections,
                    result.throughputPerSecond(),
                    result.latency().p50Millis(),
                    result.latency().p99Millis(),
                    result.errors(),
                    100.0 * cpuNanos / WARM_UP.plus(MEASURED).toNanos());
            return result.errors();
        }
    }
}
