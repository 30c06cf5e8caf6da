package dev.penstock.soak;

import dev.penstock.service.RoleProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** An ingress or a worker of the deployment. Its process may end; {@link #start()} starts another with the same ports. */
final class Instance implements AutoCloseable {
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build();

    private final String name;
    private final List<String> arguments;
    private final Map<String, String> environment;
    private final URI management;
    private final Path log;
    private Optional<RoleProcess> process = Optional.empty();

    /**
     * @param arguments of {@code ./penstock}, without the management port
     * @param log takes what all processes of this instance print
     */
    Instance(String name, List<String> arguments, Map<String, String> environment, Path log) throws IOException {
        int port = RoleProcess.freePort();
        this.name = name;
        this.arguments = Stream.concat(arguments.stream(), Stream.of("--management-port", Integer.toString(port)))
                .toList();
        this.environment = environment;
        this.management = URI.create("http://127.0.0.1:" + port);
        this.log = log;
    }

    String name() {
        return name;
    }

    void start() throws IOException {
        if (isRunning()) {
            throw new IllegalStateException(name + " still runs");
        }
        process = Optional.of(new RoleProcess(arguments, environment, log));
    }

    boolean isRunning() {
        return process.filter(each -> each.handle().isAlive()).isPresent();
    }

    /** SIGKILL; returns the exit status. */
    int kill() throws InterruptedException {
        return process.orElseThrow().kill();
    }

    /** SIGTERM; returns the exit status. */
    int stop() throws InterruptedException {
        return process.orElseThrow().stop();
    }

    ProcessHandle handle() {
        return process.orElseThrow().handle();
    }

    /** Whether the process says that it lives: it need not be restarted. */
    boolean isLive() throws InterruptedException {
        return get("/q/health/live")
                .filter(answer -> answer.statusCode() == 200)
                .isPresent();
    }

    boolean isReady() throws InterruptedException {
        return get("/q/health/ready")
                .filter(answer -> answer.statusCode() == 200)
                .isPresent();
    }

    /** Synchronous calls that wait for their replies at this ingress; 0 while it does not answer. */
    int waitingCalls() throws InterruptedException {
        return get("/q/metrics")
                .flatMap(answer -> answer.body()
                        .lines()
                        .filter(line -> line.startsWith("inference_pending_calls"))
                        .findFirst())
                .map(line -> (int) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .orElse(0);
    }

    /** SIGKILL, if it still runs. */
    @Override
    public void close() {
        process.ifPresent(each -> each.handle().destroyForcibly());
    }

    private Optional<HttpResponse<String>> get(String path) throws InterruptedException {
        try {
            return Optional.of(HTTP.send(
                    HttpRequest.newBuilder(management.resolve(path))
                            .timeout(Duration.ofSeconds(2))
                            .build(),
                    BodyHandlers.ofString()));
        } catch (IOException unanswered) {
            return Optional.empty();
        }
    }
}
