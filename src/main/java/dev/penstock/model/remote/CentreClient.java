package dev.penstock.model.remote;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.penstock.model.InferenceException;
import dev.penstock.model.InferenceException.Kind;
import dev.penstock.model.config.RemoteSection;
import dev.penstock.protocol.Payload;
import dev.penstock.threads.TroubleLog;
import io.smallrye.faulttolerance.api.TypedGuard;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpClient http;
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

    private record Answer(int status, OptionalLong retryAfterSeconds, Payload body) {}

    private static final class UnusableAnswerException extends IOException {
        UnusableAnswerException(String message) {
            super(message);
        }
    }

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
        this.http = HttpClient.newBuilder()
                .version(
                        "https".equals(section.url().getScheme())
                                ? HttpClient.Version.HTTP_2
                                : HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(section.timeout())
                .executor(threads)
                .build();
    }

    /** The centre's description of the model, as JSON. */
    public byte[] metadata() throws InferenceException {
        Answer answer = exchange(request("").GET().build(), section.timeout());
        if (answer.status != OK) {
            throw unavailable("answered with status " + answer.status + " when asked for the model");
        }
        return bytes(answer.body);
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

    private Answer exchangeAgainIfCut(Batch batch, long end) throws InferenceException {
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

    private Answer exchange(Batch batch, long end) throws InferenceException {
        Duration left = Duration.ofNanos(end - nanoClock.getAsLong());
        if (left.toMillis() < 1) {
            throw unavailable("did not answer in time");
        }
        Payload body = batch.body;
        HttpRequest.Builder request = request("/infer")
                .header("Content-Type", body.jsonLength().isPresent() ? "application/octet-stream" : "application/json")
                .header("Idempotency-Key", '"' + batch.id + '"')
                .header("Penstock-Timeout-Ms", Long.toString(left.toMillis()))
                .POST(BodyPublishers.ofByteArray(bytes(body)));
        batch.traceHeaders.forEach(request::header);
        body.jsonLength().ifPresent(length -> request.header(Payload.JSON_LENGTH_HEADER, Integer.toString(length)));
        return exchange(request.build(), left);
    }

    private Payload answered(Answer answer) throws InferenceException {
        if (answer.status == OK) {
            return answer.body;
        }
        answer.retryAfterSeconds.ifPresent(seconds -> closedUntil.set(nanoClock.getAsLong()
                + Duration.ofSeconds(Math.clamp(seconds, 0, MOST_RETRY_AFTER_SECONDS))
                        .toNanos()));
        // These two may be the fault of one request of the batch. It is found by halving.
        if (answer.status == 400 || answer.status == 500) {
            throw new InferenceException(Kind.FAILED, "the centre answered with status " + answer.status);
        }
        throw unavailable("answered with status " + answer.status);
    }

    private HttpRequest.Builder request(String call) throws InferenceException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(path + call)).header(HOP_HEADER, "1");
        if (section.apiKeyFile().isPresent()) {
            try {
                String key = Files.readString(section.apiKeyFile().get()).strip();
                request.header("Authorization", "Bearer " + key);
            } catch (IOException | IllegalArgumentException unusable) {
                throw new InferenceException(
                        Kind.UNAVAILABLE,
                        "remote.api_key_file cannot be used: "
                                + unusable.getClass().getSimpleName());
            }
        }
        return request;
    }

    /** HttpClient's own timeout would end with the headers. This one covers a body that trickles. */
    private Answer exchange(HttpRequest request, Duration timeout) throws InferenceException {
        Future<Answer> call = threads.submit(() -> send(request));
        try {
            return call.get(timeout.toNanos(), NANOSECONDS);
        } catch (TimeoutException late) {
            throw unavailable("did not answer within " + timeout.toMillis() + " ms");
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof UnusableAnswerException unusable) {
                throw unavailable("cannot be asked: " + unusable.getMessage());
            }
            if (failed.getCause() instanceof IOException broken) {
                throw new InferenceException(Kind.UNAVAILABLE, "the centre cannot be asked: " + broken, broken);
            }
            throw new IllegalStateException(failed.getCause());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw unavailable("was not awaited: this worker stops");
        } finally {
            call.cancel(true);
        }
    }

    private Answer send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<InputStream> response = http.send(request, BodyHandlers.ofInputStream());
        try (InputStream body = response.body()) {
            byte[] bytes = body.readNBytes(section.maxAnswerBytes());
            if (body.read() >= 0) {
                throw new UnusableAnswerException(
                        "its answer must have at most " + section.maxAnswerBytes() + " bytes");
            }
            return new Answer(
                    response.statusCode(),
                    number(response, "Retry-After"),
                    payload(bytes, number(response, Payload.JSON_LENGTH_HEADER)));
        }
    }

    private static Payload payload(byte[] bytes, OptionalLong jsonLength) throws IOException {
        if (jsonLength.orElse(0) > bytes.length) {
            throw new UnusableAnswerException(Payload.JSON_LENGTH_HEADER + " must be at most the length of the body");
        }
        return new Payload(
                ByteBuffer.wrap(bytes),
                jsonLength.isPresent() ? OptionalInt.of((int) jsonLength.getAsLong()) : OptionalInt.empty());
    }

    /** A header that is a whole number; empty for anything else, such as a date. */
    private static OptionalLong number(HttpResponse<?> response, String header) {
        String text = response.headers().firstValue(header).orElse("");
        return text.matches("\\d{1,9}") ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
    }

    private static byte[] bytes(Payload payload) {
        byte[] bytes = new byte[payload.bytes().remaining()];
        payload.bytes().duplicate().get(bytes);
        return bytes;
    }

    private static boolean isOfTheCentre(Throwable failure) {
        return failure instanceof InferenceException broke && broke.kind() == Kind.UNAVAILABLE;
    }

    static InferenceException unavailable(String what) {
        return new InferenceException(Kind.UNAVAILABLE, "the centre " + what);
    }

    @Override
    public void close() {
        http.shutdownNow();
        threads.shutdownNow();
    }
}
