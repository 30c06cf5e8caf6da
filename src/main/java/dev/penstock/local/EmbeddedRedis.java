package dev.penstock.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A real Redis on loopback, in a child process that does not outlive this JVM.
 *
 * <p>A small shell script, the watchdog, reads a pipe from this JVM. When the pipe ends, by {@link #close()} or because the JVM died, the
 * watchdog stops Redis. Both run in a session of their own: Ctrl-C in the terminal must not reach Redis before the service has drained.
 */
public final class EmbeddedRedis implements AutoCloseable {

    private static final Duration START_TIMEOUT = Duration.ofSeconds(15);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);
    private static final int PING_TIMEOUT_MILLIS = 1_000;
    private static final int PING_INTERVAL_MILLIS = 5;

    /** Arguments: the scratch folder, then the command line of Redis. If Redis fails, the folder is kept, because it holds the log. */
    private static final String WATCHDOG = """
            scratch=$1; shift
            exec 3<&0
            "$@" & redis=$!
            { cat <&3; kill $redis; } > /dev/null 2>&1 & pipe=$!
            wait $redis && rm -rf "$scratch"
            kill -KILL $pipe 2> /dev/null
            """;

    private final Process watchdog;
    private final int port;
    private final LocalFolder scratch;
    private final Optional<LocalFolder> data;

    private EmbeddedRedis(Process watchdog, int port, LocalFolder scratch, Optional<LocalFolder> data) {
        this.watchdog = watchdog;
        this.port = port;
        this.scratch = scratch;
        this.data = data;
    }

    /** Starts Redis on a free port, in memory only. */
    public static EmbeddedRedis start() {
        return start(Ports.ANY, Optional.empty());
    }

    /**
     * @param port 0 for any free port
     * @param dataDir keeps the data across restarts; when empty, data are in memory only
     */
    public static EmbeddedRedis start(int port, Optional<Path> dataDir) {
        Ports.requireFree(port, "--redis-port");
        int redisPort = Ports.resolve(port);
        Optional<LocalFolder> data = dataDir.map(LocalFolder::kept);
        StringBuilder reasons = new StringBuilder();
        for (RedisExecutable executable : RedisExecutable.values()) {
            LocalFolder scratch = LocalFolder.temporary("penstock-redis");
            try {
                Process watchdog = startWatchdog(executable.in(scratch.path()), redisPort, scratch, data);
                EmbeddedRedis redis = new EmbeddedRedis(watchdog, redisPort, scratch, data);
                if (redis.answers()) {
                    return redis;
                }
                redis.stop();
                reasons.append("\n  %s: %s"
                        .formatted(executable, Files.readString(log(scratch)).strip()));
            } catch (IOException e) {
                reasons.append("\n  %s: %s".formatted(executable, e.getMessage()));
            }
            scratch.close();
        }
        data.ifPresent(LocalFolder::close);
        throw new CannotStartException(
                "cannot start Redis; install OpenSSL 3 (Debian: libssl3) or redis-server, or use a running one with --redis"
                        + reasons);
    }

    public String url() {
        return "redis://127.0.0.1:" + port;
    }

    public int port() {
        return port;
    }

    Path scratch() {
        return scratch.path();
    }

    List<ProcessHandle> processes() {
        return Stream.concat(Stream.of(watchdog.toHandle()), watchdog.descendants())
                .toList();
    }

    @Override
    public void close() {
        stop();
        scratch.close();
        data.ifPresent(LocalFolder::close);
    }

    private static Process startWatchdog(Path executable, int port, LocalFolder scratch, Optional<LocalFolder> data)
            throws IOException {
        List<String> command = new ArrayList<>(ownSession());
        command.addAll(List.of("sh", "-c", WATCHDOG, "sh", scratch.path().toString(), executable.toString()));
        command.addAll(List.of("--bind", "127.0.0.1", "--port", String.valueOf(port), "--save", ""));
        command.addAll(List.of("--maxmemory", "512mb", "--maxmemory-policy", "volatile-ttl"));
        data.ifPresent(folder -> command.addAll(
                List.of("--appendonly", "yes", "--dir", folder.path().toString())));
        return new ProcessBuilder(command)
                .directory(scratch.path().toFile())
                .redirectErrorStream(true)
                .redirectOutput(log(scratch).toFile())
                .start();
    }

    /** Returns the command prefix that starts a process in a session of its own. macOS has no setsid, but always has perl. */
    private static List<String> ownSession() {
        return RedisExecutable.onPath("setsid")
                .map(setsid -> List.of(setsid.toString()))
                .orElse(List.of("perl", "-MPOSIX", "-e", "setsid; exec @ARGV"));
    }

    private static Path log(LocalFolder scratch) {
        return scratch.resolve("log");
    }

    private boolean answers() {
        long start = System.nanoTime();
        while (System.nanoTime() - start < START_TIMEOUT.toNanos()) {
            if (pong()) {
                return true;
            }
            if (exited(PING_INTERVAL_MILLIS)) {
                return false;
            }
        }
        return false;
    }

    private boolean pong() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(PING_TIMEOUT_MILLIS);
            socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
            // While Redis loads its data, it answers -LOADING.
            return socket.getInputStream().read() == '+';
        } catch (IOException e) {
            return false;
        }
    }

    private void stop() {
        try {
            watchdog.getOutputStream().close();
        } catch (IOException e) {
            // The watchdog has already ended, and Redis before it.
        }
        if (!exited(STOP_TIMEOUT.toMillis())) {
            processes().forEach(ProcessHandle::destroyForcibly);
        }
    }

    private boolean exited(long timeoutMillis) {
        try {
            return watchdog.waitFor(timeoutMillis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
