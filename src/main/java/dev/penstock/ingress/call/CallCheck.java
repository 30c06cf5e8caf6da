package dev.penstock.ingress.call;

import dev.penstock.messages.Announcement;
import dev.penstock.messages.AnswerTooLarge;
import dev.penstock.messages.ModelStatus.State;
import dev.penstock.messages.WarmUpModels;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Problem;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.protocol.codec.RequestWriter;
import dev.penstock.tenants.Tenant;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Checks a call against its tenant's rights and its model's limits, before anything is accepted. Thread-safe. */
public final class CallCheck {
    private static final Duration LONGEST_TIMEOUT = Duration.ofDays(7);
    private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(1);

    /** Fewer numbers are read again sooner than they are written in binary form. */
    private static final int MANY_NUMBERS = 32;

    private static final int LOADING_RETRY_SECONDS = 2;

    /** A worker that a bug stopped is restarted, and loads its models again. */
    private static final int NOT_SERVED_RETRY_SECONDS = 10;

    private final Catalogue catalogue;
    private final RequestReader reader;
    private final Duration syncTimeout;
    private final Duration asyncTimeout;
    private final LongSupplier nanoClock;

    /**
     * @param syncTimeout the timeout of a synchronous call, if neither it nor its model has one
     * @param asyncTimeout the same for an asynchronous call
     */
    public CallCheck(
            Catalogue catalogue,
            RequestReader reader,
            Duration syncTimeout,
            Duration asyncTimeout,
            LongSupplier nanoClock) {
        this.catalogue = catalogue;
        this.reader = reader;
        this.syncTimeout = syncTimeout;
        this.asyncTimeout = asyncTimeout;
        this.nanoClock = nanoClock;
    }

    public int maxBodyBytes() {
        return reader.limits().maxBodyBytes();
    }

    /** The form of NaN and infinities in JSON. */
    public NonFinite nonFinite() {
        return reader.nonFinite();
    }

    /**
     * Checks everything that does not need the model to run.
     *
     * @param async selects the default timeout
     * @throws InvalidRequestException when the body or a header breaks a rule
     * @throws ProblemException when the tenant may not make the call, the model is unknown, or the request is too large for it
     */
    public CheckedCall check(Call call, boolean async) throws InvalidRequestException {
        long readNanos = nanoClock.getAsLong();
        requireAllowed(call.tenant(), call.model());
        Announcement asked = served(call.model(), call.version());
        InferenceRequest request = reader.parse(call.payload(), asked.signature());
        Announcement model = call.version().isEmpty() && request.modelVersion().isPresent()
                ? served(call.model(), request.modelVersion())
                : asked;
        request.requireModel(call.model(), model.version());
        model.signature().check(request);
        long rows = model.signature().rows(request);
        checkSize(request, rows, model);
        checkAnswerSize(request, rows, model);
        Lane lane = call.lane().isPresent() ? call.lane().get() : lane(request);
        requireAllowed(call.tenant(), lane);
        Optional<Duration> chosen = call.timeout().isPresent() ? call.timeout() : timeout(request);
        Duration timeout = chosen.orElseGet(() -> standard(model, async));
        Duration waited = Duration.ofNanos(call.lag().nanos(nanoClock.getAsLong()));
        Call forWorkers = call.with(forWorkers(call.payload(), request));
        return new CheckedCall(forWorkers, model.version(), rows, lane, left(timeout, waited), waited, readNanos);
    }

    /**
     * The request as workers get it. Numbers in JSON travel in the protocol's binary form, so that they are read once, here. The form of the
     * answer does not depend on it.
     */
    private Payload forWorkers(Payload payload, InferenceRequest request) {
        long numbers = 0;
        long bytes = 0;
        for (Tensor input : request.inputs()) {
            numbers += input.shape().elements();
            bytes += input.data().remaining();
        }
        if (payload.jsonLength().isPresent() || numbers < MANY_NUMBERS || bytes > maxBodyBytes()) {
            return payload;
        }
        Payload binary = RequestWriter.binary(request);
        return binary.bytes().remaining() <= maxBodyBytes() ? binary : payload;
    }

    private static Duration left(Duration timeout, Duration waited) {
        Duration left = (timeout.compareTo(LONGEST_TIMEOUT) > 0 ? LONGEST_TIMEOUT : timeout).minus(waited);
        return left.compareTo(SHORTEST_TIMEOUT) < 0 ? SHORTEST_TIMEOUT : left;
    }

    /** Called before the catalogue is searched. So a tenant that may not use a model does not learn whether it exists. */
    public static void requireAllowed(Tenant tenant, String model) {
        if (WarmUpModels.contains(model) && tenant.models().isEmpty()) {
            throw new ProblemException(
                    Problem.of(Problem.Kind.NOT_FOUND, "no worker has announced model '" + model + "'"));
        }
        if (!tenant.mayUse(model)) {
            throw new ProblemException(Problem.of(
                    Problem.Kind.FORBIDDEN, "tenant " + tenant.name() + " may not use model '" + model + "'"));
        }
    }

    private static void requireAllowed(Tenant tenant, Lane lane) {
        if (!tenant.lanes().contains(lane)) {
            throw new ProblemException(Problem.of(
                    Problem.Kind.FORBIDDEN, "tenant " + tenant.name() + " may not use priority " + lane.label()));
        }
    }

    /**
     * Refuses a call that an edge passed on, if the model is elsewhere for this process, too. So no call goes round in a circle.
     *
     * @throws ProblemException when a centre runs the model, or the tenant may not use it
     */
    public void requireHere(Tenant tenant, String name, Optional<String> version) {
        requireAllowed(tenant, name);
        catalogue
                .find(name, version)
                .filter(model -> model.executionProvider().equals(Announcement.CENTRE))
                .ifPresent(elsewhere -> {
                    throw new ProblemException(Problem.of(
                            Problem.Kind.UNAVAILABLE,
                            "model '" + name
                                    + "' is run by a centre, and calls that an edge passed on (Penstock-Hops) are not passed on"
                                    + " again; name the centre that has the model in the edge's model.yaml"));
                });
    }

    /** A worker that stopped a model, and says so, does not take it up again. Waiting for it would be in vain. */
    private Announcement served(String name, Optional<String> version) {
        Announcement model = catalogue.find(name, version).orElseThrow(() -> unknownModel(catalogue, name, version));
        catalogue.refusal(model.model(), model.version()).ifPresent(reason -> {
            throw new ProblemException(
                    Problem.of(
                            Problem.Kind.UNAVAILABLE,
                            "no worker serves version " + model.version() + " of model '" + model.model() + "': "
                                    + reason),
                    NOT_SERVED_RETRY_SECONDS);
        });
        return model;
    }

    /** The answer to a call for a model that no worker has announced: what workers say of it, if they do. */
    public static ProblemException unknownModel(Catalogue catalogue, String model, Optional<String> version) {
        String subject =
                version.map(number -> "version '" + number + "' of model").orElse("model") + " '" + model + "'";
        Optional<String> loading = catalogue.statuses().reason(model, version, State.LOADING);
        if (loading.isPresent()) {
            return new ProblemException(
                    Problem.of(Problem.Kind.UNAVAILABLE, subject + " is not ready yet: " + loading.get()),
                    LOADING_RETRY_SECONDS);
        }
        return new ProblemException(Problem.of(
                Problem.Kind.NOT_FOUND,
                catalogue
                        .statuses()
                        .reason(model, version, State.UNAVAILABLE)
                        .map(reason -> subject + " is not served: " + reason)
                        .orElse("no worker has announced " + subject)));
    }

    private Duration standard(Announcement model, boolean async) {
        if (model.timeoutMs() > 0) {
            return Duration.ofMillis(model.timeoutMs());
        }
        return async ? asyncTimeout : syncTimeout;
    }

    private static void checkSize(InferenceRequest request, long rows, Announcement model)
            throws InvalidRequestException {
        if (rows > model.maxRequestRows()) {
            throw new InvalidRequestException(
                    "inputs[0].shape", "must have 1.." + model.maxRequestRows() + " rows in one request, had " + rows);
        }
        for (Tensor input : request.inputs()) {
            if (input.data().limit() > model.maxTensorBytes()) {
                throw new ProblemException(Problem.of(
                        Problem.Kind.PAYLOAD_TOO_LARGE,
                        "input '" + input.name() + "' has " + input.data().limit()
                                + " bytes; the model's max_tensor_bytes is " + model.maxTensorBytes()));
            }
        }
    }

    /** Refuses what could only run in vain: its answer would be larger than one may be. */
    private void checkAnswerSize(InferenceRequest request, long rows, Announcement model) {
        double bytes = AnswerSize.leastBytes(request, model.signature(), rows);
        if (bytes > maxBodyBytes()) {
            throw new ProblemException(AnswerTooLarge.problem(
                    String.format(Locale.ROOT, "at least %.0f", bytes),
                    maxBodyBytes(),
                    AnswerSize.isJson(request, model.signature())));
        }
    }

    /** Reads the v2 parameter {@code priority}. */
    private static Lane lane(InferenceRequest request) throws InvalidRequestException {
        Object priority = request.parameters().get("priority");
        return priority == null
                ? Lane.INTERACTIVE
                : Lane.ofPriority("parameters.priority", priority.toString()).orElse(Lane.INTERACTIVE);
    }

    /** Reads the v2 parameter {@code timeout}, in microseconds as in Triton; 0 means none. */
    private static Optional<Duration> timeout(InferenceRequest request) throws InvalidRequestException {
        Object timeout = request.parameters().get("timeout");
        if (timeout == null || timeout.equals(0L)) {
            return Optional.empty();
        }
        if (timeout instanceof Long micros && micros > 0) {
            return Optional.of(Duration.ofMillis(Math.max(1, micros / 1000)));
        }
        throw new InvalidRequestException(
                "parameters.timeout", "must be a whole number of microseconds, 0 or more, was '" + timeout + "'");
    }
}
