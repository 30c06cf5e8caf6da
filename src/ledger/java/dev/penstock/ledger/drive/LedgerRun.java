package dev.penstock.ledger.drive;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.ledger.Door;
import dev.penstock.ledger.Event;
import dev.penstock.ledger.Ledger;
import dev.penstock.ledger.Rules;
import dev.penstock.ledger.Verdict;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One run: learns the right outputs, sends requests at a constant rate through all doors in turn, follows them until each has its outcome
 * or its grace is over, polls a sample once more, and has the ledger judge.
 */
public final class LedgerRun {
    private static final double TOLERANCE = 1e-3;
    private static final Duration PROGRESS = Duration.ofSeconds(5);
    /** For the model to be ready, and each input to be answered. */
    private static final Duration LEARNING = Duration.ofMinutes(2);

    private static final long RETRY_MILLIS = 500;
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(30);
    /** After the last outcome, for a duplicate to arrive. */
    private static final Duration LINGER = Duration.ofSeconds(2);

    /** The bound of requests without an outcome; beyond it the load pauses. */
    private static final int MAX_IN_FLIGHT = 10_000;

    private final Plan plan;
    private final Targets targets;
    private final Consumer<String> progress;
    private final long startNanos = System.nanoTime();
    private volatile boolean isEnding;
    private volatile Optional<Ledger> current = Optional.empty();
    private final Ids ids = new Ids(
            "ledger-" + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong()));

    /** @param progress takes a line of text every few seconds */
    public LedgerRun(Plan plan, Consumer<String> progress) {
        this(plan, plan::urls, progress);
    }

    /** @param inService those of the plan's ingresses that a load balancer would call now; it may be asked by many threads */
    public LedgerRun(Plan plan, Supplier<List<URI>> inService, Consumer<String> progress) {
        this.plan = plan;
        this.targets = new Targets(plan.urls(), inService);
        this.progress = progress;
    }

    /** @throws IllegalStateException when the model does not answer each input the same twice, or the broker cannot be used */
    public Verdict run() throws InterruptedException {
        try (RestClient client = new RestClient(plan)) {
            long learnUntil = millis() + LEARNING.toMillis();
            Inputs inputs =
                    plan.model().equals("digits") ? Inputs.digits() : Inputs.generated(metadata(client, learnUntil));
            Expectations expectations = learn(client, inputs, learnUntil);
            Ledger ledger = new Ledger(Rules.withGrace(plan.grace()), millis());
            current = Optional.of(ledger);
            AtomicBoolean ended = new AtomicBoolean();
            Thread reporter = Thread.ofVirtual().start(() -> report(ledger, ended));
            try {
                return run(client, inputs, expectations, ledger);
            } finally {
                ended.set(true);
                reporter.interrupt();
            }
        }
    }

    /** Ends the load before its time. The run still follows what was sent. */
    public void endLoad() {
        isEnding = true;
    }

    /** The counts so far; empty until the right outputs are learnt. */
    public Optional<Ledger.Progress> progress() {
        return current.map(Ledger::progress);
    }

    private Verdict run(RestClient client, Inputs inputs, Expectations expectations, Ledger ledger)
            throws InterruptedException {
        HttpReader reader = new HttpReader(expectations);
        Polls polls = new Polls(plan, targets, client, reader, ledger, this::millis, ids);
        RestDoor rest = new RestDoor(plan, inputs, targets, client, reader, ledger, this::millis, polls, ids);
        Optional<KafkaDoor> kafka = plan.kafka().isEmpty()
                ? Optional.empty()
                : Optional.of(new KafkaDoor(plan, plan.kafka().get(), inputs, expectations, ledger, this::millis, ids));
        Thread again = Thread.ofVirtual().start(() -> lookAgain(polls));
        try {
            load(rest, kafka, inputs, ledger);
            if (kafka.isPresent()) {
                kafka.get().drain();
            }
            Thread.sleep(LINGER);
            polls.audit();
            return ledger.verdict(millis());
        } finally {
            again.interrupt();
            kafka.ifPresent(KafkaDoor::close);
        }
    }

    private static void lookAgain(Polls polls) {
        try {
            while (true) {
                Thread.sleep(LOOK_AGAIN);
                polls.lookAgain();
            }
        } catch (InterruptedException ending) {
            // The run has ended.
        }
    }

    /** Sends at the plan's rate, whatever the service does. Returns when the REST requests are settled or given up. */
    private void load(RestDoor rest, Optional<KafkaDoor> kafka, Inputs inputs, Ledger ledger)
            throws InterruptedException {
        List<Door> doors = new ArrayList<>(List.of(Door.SYNC, Door.ASYNC));
        kafka.ifPresent(door -> doors.add(Door.KAFKA));
        Semaphore room = new Semaphore(MAX_IN_FLIGHT);
        long start = System.nanoTime();
        double seconds = plan.duration().toNanos() / 1e9;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int number = 0; plan.dueSeconds(number) < seconds && !isEnding && !ledger.isFull(); number++) {
                awaitNanos(start + (long) (plan.dueSeconds(number) * 1e9));
                room.acquire();
                Door door = doors.get(number % doors.size());
                int input = number / doors.size() % inputs.size();
                int sent = number;
                ledger.record(new Event.Sent(sent, door, input, millis()));
                if (door == Door.KAFKA) {
                    kafka.orElseThrow().send(sent, input, room::release);
                } else {
                    threads.execute(() -> {
                        try {
                            rest.call(sent, input, door == Door.ASYNC);
                        } catch (InterruptedException stopped) {
                            Thread.currentThread().interrupt();
                        } finally {
                            room.release();
                        }
                    });
                }
            }
        }
    }

    private Expectations learn(RestClient client, Inputs inputs, long untilMillis) throws InterruptedException {
        progress.accept("learns the outputs of %d inputs of %s at %s"
                .formatted(inputs.size(), plan.model(), plan.urls().getFirst()));
        Expectations expectations = new Expectations(TOLERANCE);
        for (int i = 0; i < 2 * inputs.size(); i++) {
            int input = i % inputs.size();
            expectations.learn(input, outputs(client, inputs, input, untilMillis));
        }
        if (expectations.distinct() < inputs.size()) {
            progress.accept("only %d of %d inputs have an output of their own: a swapped answer may not show"
                    .formatted(expectations.distinct(), inputs.size()));
        }
        return expectations;
    }

    private Outputs outputs(RestClient client, Inputs inputs, int input, long untilMillis) throws InterruptedException {
        URI url = plan.urls().getFirst();
        return answer(() -> client.infer(url, inputs.body(input, ids.of(input)), false), untilMillis);
    }

    private JsonNode metadata(RestClient client, long untilMillis) throws InterruptedException {
        return retry(() -> client.metadata(plan.urls().getFirst()), untilMillis);
    }

    private Outputs answer(Attempt attempt, long untilMillis) throws InterruptedException {
        try {
            return Outputs.read(retry(attempt, untilMillis));
        } catch (UnreadableException unreadable) {
            throw new IllegalStateException(unreadable.getMessage(), unreadable);
        }
    }

    private JsonNode retry(Attempt attempt, long untilMillis) throws InterruptedException {
        while (true) {
            String last;
            try {
                HttpReader.Answer answer = attempt.make();
                if (answer.code() == 200) {
                    return HttpReader.json(answer.body());
                }
                last = answer.code() + " " + answer.body();
            } catch (IOException | UnreadableException failed) {
                last = failed.toString();
            }
            if (millis() > untilMillis) {
                throw new IllegalStateException("model %s must answer at %s within %d s; the last answer was: %s"
                        .formatted(plan.model(), plan.urls().getFirst(), LEARNING.toSeconds(), last));
            }
            Thread.sleep(RETRY_MILLIS);
        }
    }

    private void report(Ledger ledger, AtomicBoolean ended) {
        long start = millis();
        try {
            while (!ended.get()) {
                Thread.sleep(PROGRESS);
                Ledger.Progress now = ledger.progress();
                progress.accept(
                        "%5.0f s  sent %d  accepted %d  outcomes %d  open %d  refused %d  in doubt %d  violations %d"
                                .formatted(
                                        (millis() - start) / 1e3,
                                        now.sent(),
                                        now.accepted(),
                                        now.settled(),
                                        now.open(),
                                        now.refused(),
                                        now.inDoubt(),
                                        now.violations()));
            }
        } catch (InterruptedException ending) {
            // The run has ended.
        }
    }

    private static void awaitNanos(long due) throws InterruptedException {
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            LockSupport.parkNanos(left);
        }
    }

    /** Since this run was made. */
    private long millis() {
        return (System.nanoTime() - startNanos) / 1_000_000;
    }

    private interface Attempt {
        HttpReader.Answer make() throws IOException, InterruptedException;
    }
}
