package dev.penstock.worker.reply;

import static java.util.Objects.requireNonNull;

import dev.penstock.messages.AnswerTooLarge;
import dev.penstock.messages.CorrelationId;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.messages.WarmUpModels;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Problem;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import dev.penstock.protocol.codec.NoJsonFormException;
import dev.penstock.protocol.codec.ResponseWriter;
import dev.penstock.threads.LimitedLog;
import dev.penstock.threads.Time;
import dev.penstock.tracing.RequestTrace;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.ReplyAddress;
import dev.penstock.worker.loop.Replies;
import dev.penstock.worker.loop.Task;
import dev.penstock.worker.loop.WorkerMeters;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jboss.logging.Logger;

/**
 * Answers one model's requests, and settles each record as soon as its reply, or its dead letter, is safe. A request whose reply cannot be
 * delivered becomes a dead letter. A record whose dead letter cannot be written either is settled all the same, logged with its
 * place and counted: no record holds back others. Thread-safe; never blocks.
 */
public final class ReplyPublisher implements Replies {
    private static final LimitedLog LOST = new LimitedLog(Logger.getLogger(ReplyPublisher.class));

    private static final String FAILED = "failed";

    private final Deliveries deliveries;
    private final String model;
    private final Map<String, Signature> signatures;
    private final int maxResponseBytes;
    private final NonFinite nonFinite;
    private final WorkerMeters meters;
    private final Predicate<CorrelationId> cancelled;
    private final Time time;
    private final DeliveryTime delivery;

    /**
     * @param signatures by version, of the outputs that requests see
     * @param maxResponseBytes the most bytes of a response
     * @param nonFinite the form of NaN and infinities in JSON
     * @param cancelled whether the sender of a request has cancelled it
     */
    public ReplyPublisher(
            Deliveries deliveries,
            String model,
            Map<String, Signature> signatures,
            int maxResponseBytes,
            NonFinite nonFinite,
            WorkerMeters meters,
            Predicate<CorrelationId> cancelled,
            Time time) {
        this.cancelled = cancelled;
        this.time = time;
        this.delivery = new DeliveryTime(time);
        this.deliveries = deliveries;
        this.model = model;
        this.signatures = Map.copyOf(signatures);
        this.maxResponseBytes = maxResponseBytes;
        this.nonFinite = nonFinite;
        this.meters = meters;
        if (!WarmUpModels.contains(model)) { // it has no such topic, and asking for one may make it
            deliveries.prepareDeadLetters(model);
        }
    }

    @Override
    public Outcome outcome(Task task, List<Tensor> batchOutputs, int fromRow, Map<String, Object> remarks) {
        InferenceRequest request = task.request();
        List<Tensor> outputs = new ArrayList<>(batchOutputs.size());
        for (int i = 0; i < batchOutputs.size(); i++) {
            Tensor ofRun = batchOutputs.get(i);
            if (request.wants(ofRun.name())) {
                outputs.add(asAsked(task, task.output(i, ofRun, fromRow)));
            }
        }
        InferenceResponse response = new InferenceResponse(
                model, task.record().modelVersion(), request.id(), parameters(task, remarks), outputs);
        try {
            Payload payload = ResponseWriter.write(response, request::wantsBinary, nonFinite);
            int bytes = payload.bytes().limit();
            return bytes > maxResponseBytes
                    ? new Outcome.Failed(
                            AnswerTooLarge.problem(Integer.toString(bytes), maxResponseBytes, isJson(request, outputs)))
                    : new Outcome.Succeeded(payload);
        } catch (NoJsonFormException notInThisForm) {
            return new Outcome.Failed(
                    Problem.of(Problem.Kind.INFERENCE_FAILED, String.valueOf(notInThisForm.getMessage())));
        }
    }

    /** The output itself, or its highest values if the request asks for classes. */
    private Tensor asAsked(Task task, Tensor output) {
        OptionalInt classes = task.request().classes(output.name());
        if (classes.isEmpty()) {
            return output;
        }
        TensorSpec spec = requireNonNull(signatures.get(task.record().modelVersion()))
                .output(output.name())
                .orElseThrow();
        return TopClasses.of(spec, output, classes.getAsInt());
    }

    private static Map<String, Object> parameters(Task task, Map<String, Object> remarks) {
        if (task.features().isEmpty() && remarks.isEmpty()) {
            return Map.of();
        }
        Map<String, Object> parameters = new TreeMap<>(remarks);
        task.features()
                .ifPresent(features ->
                        parameters.put("features", features.kind().name().toLowerCase(Locale.ROOT)));
        return parameters;
    }

    private static boolean isJson(InferenceRequest request, List<Tensor> outputs) {
        return outputs.stream().anyMatch(output -> !request.wantsBinary(output.name()));
    }

    @Override
    public boolean isCancelled(Task task) {
        return cancelled.test(task.record().correlationId());
    }

    @Override
    public long deliveryNanos() {
        return delivery.nanos();
    }

    /** Called by the threads of both producers. */
    private void acknowledged(long nanos) {
        meters.written(nanos);
        delivery.acknowledged(nanos);
    }

    @Override
    public void together(int many, Runnable sends) {
        deliveries.together(many, sends);
    }

    @Override
    public void send(Task task, Outcome outcome, Timings timings) {
        if (timings.featuresMs() > 0) {
            meters.waitedForFeatures(timings.featuresMs());
        }
        send(task.record(), outcome, timings, status -> {
            meters.settled(status);
            Latency.nanos(task.record(), time.nanos() - task.arrivalNanos())
                    .ifPresent(nanos -> task.trace().asExample(() -> meters.took(nanos)));
        });
    }

    /** @param seen hears the status that the sender sees; nothing where another worker answers */
    void send(AcceptedRecord record, Outcome outcome, Timings timings, Consumer<String> seen) {
        record.source().trace().outcome(model, record.modelVersion(), outcome, timings);
        Consumer<String> safe = status -> {
            seen.accept(status);
            record.settle();
        };
        Consumer<String> undeliverable = reason -> {
            seen.accept(FAILED);
            deadLetter(record, "the reply " + reason, record::settle);
        };
        reply(record, outcome, timings, new ReplyEnding(safe, undeliverable, record::settle));
    }

    /** Keeps a record that cannot be served as a dead letter, and replies with the problem if the sender wants a reply. */
    public void reject(AcceptedRecord record, Problem problem) {
        meters.settled(FAILED);
        record.source().trace().outcome(model, record.modelVersion(), new Outcome.Failed(problem), Timings.NONE);
        Runnable safe = afterTwo(record::settle);
        deadLetter(record, problem.detail(), safe);
        reply(
                record,
                new Outcome.Failed(problem),
                Timings.NONE,
                new ReplyEnding(status -> safe.run(), reason -> safe.run(), safe));
    }

    /**
     * How a reply can end.
     *
     * @param safe runs once the broker has the reply, or at once when the sender wants none, with the status that the sender sees
     * @param undeliverable runs instead, with the reason, when the reply cannot be delivered
     * @param left runs instead when another worker answers
     */
    private record ReplyEnding(Consumer<String> safe, Consumer<String> undeliverable, Runnable left) {}

    private void reply(AcceptedRecord record, Outcome outcome, Timings timings, ReplyEnding ending) {
        if (record.replyTo().isEmpty()) {
            ending.safe.accept(outcome.status());
            return;
        }
        ReplyAddress address = record.replyTo().get();
        ReplyForms forms = new ReplyForms(record, address, model, outcome, timings);
        RequestTrace trace = record.source().trace();
        if (address.isOurs()) {
            deliver(Delivery.Kind.OUR_REPLY, forms, Delivery.Permit.ALWAYS, trace, ending);
        } else {
            Delivery.Permit owned = deliveries.counted(record::whileOwned);
            owned.ask(
                    time.nanos(), () -> deliver(Delivery.Kind.OTHERS_REPLY, forms, owned, trace, ending), ending.left);
        }
    }

    private void deliver(
            Delivery.Kind kind, ReplyForms forms, Delivery.Permit permit, RequestTrace trace, ReplyEnding ending) {
        trace.replying(forms.topic());
        long sentNanos = time.nanos();
        deliveries.begin(new Delivery(kind, forms, permit, new Delivery.Ending() {
            @Override
            public void delivered(int form, boolean atFirst) {
                if (atFirst) {
                    acknowledged(time.nanos() - sentNanos);
                }
                trace.replied(true);
                ending.safe.accept(forms.status(form));
            }

            @Override
            public void givenUp(String reason) {
                meters.undeliverable();
                trace.replied(false);
                ending.undeliverable.accept(reason);
            }

            @Override
            public void left() {
                trace.replied(false);
                ending.left.run();
            }
        }));
    }

    /** Runs {@code then} at the second of two calls. */
    private static Runnable afterTwo(Runnable then) {
        AtomicBoolean first = new AtomicBoolean(true);
        return () -> {
            if (!first.getAndSet(false)) {
                then.run();
            }
        };
    }

    /** @param done runs once the dead letter is safe, or cannot be */
    private void deadLetter(AcceptedRecord record, String reason, Runnable done) {
        meters.deadLetter();
        record.source().trace().note("dead letter");
        deliveries.begin(new Delivery(
                Delivery.Kind.DEAD_LETTER, new DeadLetterForms(model, record, reason), new Delivery.Ending() {
                    @Override
                    public void delivered(int form, boolean atFirst) {
                        done.run();
                    }

                    @Override
                    public void givenUp(String why) {
                        meters.deadLetterLost();
                        LOST.error(
                                new LimitedLog.About(
                                        model, record.correlationId().toString()),
                                "record %s has no dead letter, and is not served again. The dead letter %s",
                                record.source().place(),
                                why);
                        done.run();
                    }
                }));
    }
}
