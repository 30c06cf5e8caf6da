package dev.penstock.zoo;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.zoo.V2Client.Answer;
import dev.penstock.zoo.reference.Difference;
import dev.penstock.zoo.reference.Reference;
import dev.penstock.zoo.reference.Reference.Case;
import dev.penstock.zoo.reference.Value;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Sends all requests for one model that is served, and compares the answers. */
public final class Judge {
    private static final int OK = 200;
    private static final int COMPANY = 8;
    private static final int MAX_REASON = 300;

    /** Below the largest request in JSON, in bytes of JSON. */
    private static final int MAX_JSON_BYTES = 8 << 20;

    private final Caller service;
    private final Reference reference;
    private int answers;

    /** Whether a call had no response at all: the others would have none either, and each would wait. */
    private boolean isLost;

    private Optional<Verdict> wrong = Optional.empty();
    private Optional<Verdict> unanswered = Optional.empty();

    /** Calls one model. */
    @FunctionalInterface
    public interface Caller {
        /** As {@link V2Client#send}. */
        CompletableFuture<Answer> send(V2Body body);
    }

    public Judge(Caller service, Reference reference) {
        this.service = service;
        this.reference = reference;
    }

    /** The worst of all answers decides. */
    public Verdict judge() throws InterruptedException {
        if (reference.cases().isEmpty()) {
            return new Verdict.NotCompared(reference
                    .cannotRun()
                    .or(() -> reference.notes().stream().findFirst())
                    .orElse("no request"));
        }
        for (Case each : reference.cases()) {
            if (isLost) {
                break;
            }
            V2Body json = V2Body.json(each.inputs());
            if (json.bytes().length <= MAX_JSON_BYTES) {
                compare("alone, JSON", each, service.send(json));
            }
            compare("alone, binary", each, service.send(V2Body.binary(each.inputs())));
        }
        if (!isLost) {
            inCompany();
        }
        return wrong.or(() -> unanswered).orElseGet(() -> new Verdict.Right(answers));
    }

    /** Several requests at once, each of another kind than the one before. */
    private void inCompany() throws InterruptedException {
        List<Case> small = reference.cases().stream()
                .filter(each -> each.kind() != Reference.Kind.MANY_ROWS)
                .toList();
        List<CompletableFuture<Answer>> sent = new ArrayList<>();
        for (int i = 0; i < COMPANY; i++) {
            sent.add(service.send(V2Body.binary(small.get(i % small.size()).inputs())));
        }
        for (int i = 0; i < COMPANY; i++) {
            compare("in company", small.get(i % small.size()), sent.get(i));
        }
    }

    private void compare(String how, Case asked, CompletableFuture<Answer> sent) throws InterruptedException {
        String what = how + ", " + asked.name() + ": ";
        try {
            Answer answer = sent.get();
            if (answer.status() != OK) {
                noAnswer(what + answer.status() + " " + shortened(new String(answer.body(), UTF_8)));
                return;
            }
            answers++;
            List<Value> outputs = V2Body.outputs(answer.body(), answer.jsonBytes());
            Optional<String> difference = reference.isRepeatable()
                    ? Difference.between(asked.outputs(), outputs)
                    : Difference.ofForm(asked.outputs(), outputs);
            difference.ifPresent(found -> wrong = wrong.or(() -> Optional.of(new Verdict.Wrong(what + found))));
        } catch (ExecutionException | IOException e) {
            isLost = true;
            noAnswer(what + e.getMessage());
        }
    }

    private void noAnswer(String what) {
        unanswered = unanswered.or(() -> Optional.of(new Verdict.Unanswered(what)));
    }

    private static String shortened(String text) {
        return text.length() <= MAX_REASON ? text : text.substring(0, MAX_REASON) + "…";
    }
}
