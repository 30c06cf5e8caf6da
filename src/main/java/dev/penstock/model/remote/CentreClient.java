package dev.penstock.model.remote;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.penstock.model.InferenceException;
import dev.penstock.model.InferenceException.Kind;
import dev.penstock.model.config.RemoteSection;
import dev.penstock.protocol.Payload;
import dev.penstock.threads.TroubleLog;
import io.smallrye.faulttolerance.api.TypedGuard;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.eclipse.microprofile.faulttolerance.exceptions.CircuitBreakerOpenException;
import org.jboss.logging.Logger;

/**
 * Calls a centre. Each call ends in time, its body included, and follows no redirect. After half of the last
 * {@value #OF_LAST} calls found no centre, calls fail at once for {@value #OPEN_MILLIS} ms; then one is tried. Thread-safe.
 */
public final class CentreClient implements AutoCloseable {
    /** Tells a Penstock that an edge calls, so that it does not pass the call on to a centre of its own. */
    private static final String HOP_HEADER = "Penstock-Hops";

    private static final Logger LOG = Logger.getLogger(CentreClient.class);
    private static final int OF_LAST = 10;
    private static final long OPEN_MILLIS = 2000;
    private static final long MOST_RETRY_AFTER_SECONDS = 60;
    private static final int OK = 200;

    private final RemoteSection section;
    private final String path;
    private final String consequence;
    private final LongSupplier nanoClock;
    private final CentreHttp http;
    private final AtomicLong closedUntil;
    private final RetryBudget repetitions = new RetryBudget();
    private final TroubleLog trouble;
    private final TypedGuard<Payload> guard = TypedGuard.create(Payload.class)
            .withCircuitBreaker()
            .requestVolumeThreshold(OF_LAST)
            .failureRatio(0.5)
            .delay(OPEN_MILLIS, ChronoUnit.MILLIS)
            .successThreshold(1)
            .when(CentreClient::isOfTheCentre)
            .done()
            .build();

    /** Throws an exception of kind UNAVAILABLE if the answer is not one of this model. */
    interface Check {
        void check(Payload answer) throws InferenceException;
    }

    private record Batch(Payload body, String id, Map<String, String> traceHeaders) {}

    /**
     * @param version at the centre; empty for the one that it serves by default
     * @param consequence for the log: what becomes of requests while the centre does not answer
     */
    public CentreClient(RemoteSection section, Optional<String> version, String consequence, LongSupplier nanoClock) {
        this.section = section;
        this.path = section.url()
                + "/v2/models/"
                + section.model()
                + version.map(number -> "/versions/" + number).orElse("");
        this.consequence = consequence;
        this.nanoClock = nanoClock;
        this.trouble = new TroubleLog(LOG, "Model '" + section.model() + "' at " + section.url());
        this.closedUntil = new AtomicLong(nanoClock.getAsLong());
        this.http = new CentreHttp(section);
    }

    /** The centre's description of the model, as JSON. */
    public byte[] metadata() throws InferenceException {
        CentreHttp.Answer answer = exchange(withIdentity(CentreHttp.Call.get(URI.create(path))), section.timeout());
        if (answer.status() != OK) {
            throw unavailable("answered with status " + answer.status() + " when asked for the model");
        }
        return CentreHttp.bytes(answer.body());
    }

    /**
     * Runs a batch. A call whose connection breaks is made once more, with the same key, so that the centre runs the batch once.
     *
     * @param batchId the same for every repetition of the batch
     * @param atMost the time after which nobody waits for the answer. A centre that needs longer counts as one that does not answer, since a
     *     batch only starts if centres usually answer in the time that it has
     * @param traceHeaders the headers that tell the centre which trace the batch belongs to, by name
     * @param check decides whether the answer is one of this model; one that is not counts against the centre
     */
    Payload infer(Payload body, String batchId, Duration atMost, Map<String, String> traceHeaders, Check check)
            throws InferenceException {
        long waitNanos = closedUntil.get() - nanoClock.getAsLong();
        if (waitNanos > 0) {
            throw unavailable("asked to be left alone for " + (NANOSECONDS.toSeconds(waitNanos) + 1) + " s more");
        }
        Duration timeout = atMost.compareTo(section.timeout()) < 0 ? atMost : section.timeout();
        if (timeout.toMillis() < 1) {
            throw unavailable("was not asked: no time is left"); // which says nothing of the centre
        }
        long end = nanoClock.getAsLong() + timeout.toNanos();
        try {
            Payload answered = guard.call(() -> {
                Payload answer = answered(exchangeAgainIfCut(new Batch(body, batchId, traceHeaders), end));
                check.check(answer);
                return answer;
            });
            trouble.succeeded();
            return answered;
        } catch (InferenceException failed) {
            if (isOfTheCentre(failed)) {
                trouble.failed(consequence, failed);
            }
            throw failed;
        } catch (CircuitBreakerOpenException open) {
            throw unavailable("did not answer earlier calls, and is tried again soon");
        } catch (Exception impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private CentreHttp.Answer exchangeAgainIfCut(Batch batch, long end) throws InferenceException {
        repetitions.called();
        try {
            return exchange(batch, end);
        } catch (InferenceException failed) {
            boolean isCut = failed.getCause() instanceof IOException;
            if (!isCut || !repetitions.isGranted()) {
                throw failed;
            }
            return exchange(batch, end);
        }
    }

    private CentreHttp.Answer exchange(Batch batch, long end) throws InferenceException {
        Duration left = Duration.ofNanos(end - nanoClock.getAsLong());
        if (left.toMillis() < 1) {
            throw unavailable("did not answer in time");
        }
        Payload body = batch.body;
        CentreHttp.Call call = CentreHttp.Call.post(URI.create(path + "/infer"), body)
                .with("Content-Type", body.jsonLength().isPresent() ? "application/octet-stream" : "application/json")
                .with("Idempotency-Key", '"' + batch.id + '"')
                .with("Penstock-Timeout-Ms", Long.toString(left.toMillis()));
        batch.traceHeaders.forEach(call::with);
        body.jsonLength().ifPresent(length -> call.with(Payload.JSON_LENGTH_HEADER, Integer.toString(length)));
        return exchange(withIdentity(call), left);
    }

    private Payload answered(CentreHttp.Answer answer) throws InferenceException {
        if (answer.status() == OK) {
            return answer.body();
        }
        answer.retryAfterSeconds()
                .ifPresent(seconds -> closedUntil.set(nanoClock.getAsLong()
                        + Duration.ofSeconds(Math.clamp(seconds, 0, MOST_RETRY_AFTER_SECONDS))
                                .toNanos()));
        // These two may be the fault of one request of the batch. It is found by halving.
        if (answer.status() == 400 || answer.status() == 500) {
            throw new InferenceException(Kind.FAILED, "the centre answered with status " + answer.status());
        }
        throw unavailable("answered with status " + answer.status());
    }

    private CentreHttp.Call withIdentity(CentreHttp.Call call) throws InferenceException {
        call.with(HOP_HEADER, "1");
        if (section.apiKeyFile().isPresent()) {
            try {
                String key = Files.readString(section.apiKeyFile().get()).strip();
                call.with("Authorization", "Bearer " + key);
            } catch (IOException | IllegalArgumentException unusable) {
                throw new InferenceException(
                        Kind.UNAVAILABLE,
                        "remote.api_key_file cannot be used: "
                                + unusable.getClass().getSimpleName());
            }
        }
        return call;
    }

    private CentreHttp.Answer exchange(CentreHttp.Call call, Duration timeout) throws InferenceException {
        try {
            return http.send(call, timeout);
        } catch (TimeoutException late) {
            throw unavailable("did not answer within " + timeout.toMillis() + " ms");
        } catch (CentreHttp.UnusableAnswerException unusable) {
            throw unavailable("cannot be asked: " + unusable.getMessage());
        } catch (IOException broken) {
            throw new InferenceException(Kind.UNAVAILABLE, "the centre cannot be asked: " + broken, broken);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw unavailable("was not awaited: this worker stops");
        }
    }

    private static boolean isOfTheCentre(Throwable failure) {
        return failure instanceof InferenceException broke && broke.kind() == Kind.UNAVAILABLE;
    }

    static InferenceException unavailable(String what) {
        return new InferenceException(Kind.UNAVAILABLE, "the centre " + what);
    }

    @Override
    public void close() {
        http.close();
    }
}
