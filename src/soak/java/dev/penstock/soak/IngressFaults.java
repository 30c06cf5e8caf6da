package dev.penstock.soak;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.local.Signals;
import dev.penstock.service.RoleProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.List;

/** Ingresses that end, and clients that are unusual. */
final class IngressFaults {
    private static final int WAITING_CALLS = 3;
    private static final Duration CALLS_WAIT = Duration.ofSeconds(5);
    private static final int PATIENCE_MILLIS = 35_000;

    private IngressFaults() {}

    /** The workers are frozen for a moment, shorter than their session, so that calls wait. */
    static Struck killed(Scene scene) throws InterruptedException {
        Instance ingress = scene.deployment().ingresses().getLast();
        List<ProcessHandle> workers =
                scene.deployment().workers().stream().map(Instance::handle).toList();
        workers.forEach(Signals::freeze);
        int waiting;
        int status;
        try {
            Waiting.prove(CALLS_WAIT, "calls wait at " + ingress.name(), () -> ingress.waitingCalls() >= WAITING_CALLS);
            waiting = ingress.waitingCalls();
            status = ingress.kill();
        } finally {
            workers.forEach(Signals::resume);
        }
        NotStruckException.unless(status == WorkerFaults.KILLED, ingress.name() + " ended with " + status);
        return Struck.of(
                "%s ended with %d while %d calls waited".formatted(ingress.name(), status, waiting), ingress::start);
    }

    static Struck stopped(Scene scene) throws InterruptedException {
        Instance ingress = scene.deployment().ingresses().getLast();
        int status = ingress.stop();
        NotStruckException.unless(status == RoleProcess.TERMINATED, ingress.name() + " ended with " + status);
        return Struck.of("%s ended with %d".formatted(ingress.name(), status), ingress::start);
    }

    /** Calls with the workers frozen, so that the connection is half closed before there is an answer. */
    @SuppressWarnings("resource") // closed with the answer
    static Struck halfClosed(Scene scene) throws IOException, InterruptedException {
        URI url = scene.drawn(scene.deployment().urls());
        List<ProcessHandle> workers =
                scene.deployment().workers().stream().map(Instance::handle).toList();
        workers.forEach(Signals::freeze);
        Socket client = new Socket(url.getHost(), url.getPort());
        try {
            client.setSoTimeout(PATIENCE_MILLIS);
            String body = Probes.body("half-closed");
            client.getOutputStream()
                    .write(
                            "POST /v2/models/%s/infer HTTP/1.1\r\nHost: soak\r\nX-API-Key: %s\r\nContent-Length: %d\r\n\r\n%s"
                                    .formatted(Deployment.MODEL, Deployment.API_KEY, body.length(), body)
                                    .getBytes(UTF_8));
            client.shutdownOutput();
            NotStruckException.unless(client.isOutputShutdown(), "the client's side is shut down");
            // Longer than the service could take to see the end.
            Thread.sleep(Duration.ofSeconds(1));
            NotStruckException.unless(workers.stream().allMatch(Signals::isFrozen), "no worker answers");
        } finally {
            workers.forEach(Signals::resume);
        }
        return Struck.passing("the client had ended its side before the answer", () -> isAnswered(client));
    }

    /** Right or refused: on a starved machine the gate may have no time for it. */
    private static boolean isAnswered(Socket client) throws IOException {
        try (client;
                BufferedReader answer = new BufferedReader(new InputStreamReader(client.getInputStream(), UTF_8))) {
            return answer.lines()
                    .anyMatch(line -> line.startsWith("HTTP/1.1 200 ") || line.startsWith("HTTP/1.1 503 "));
        }
    }
}
