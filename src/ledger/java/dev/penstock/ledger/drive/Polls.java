package dev.penstock.ledger.drive;

import dev.penstock.ledger.Event;
import dev.penstock.ledger.Ledger;
import dev.penstock.ledger.Place;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;

/** Polls accepted requests until they have an outcome, and later again. Blocks its callers. Thread-safe. */
final class Polls {
    private static final Duration LONG_POLL = Duration.ofSeconds(5);
    private static final long PAUSE_MILLIS = 250;
    /** Pauses double up to this one: many polls would slow the service that they wait for. */
    private static final long LONGEST_PAUSE_MILLIS = 2000;

    /** One request in so many is polled again a little after its outcome was seen. */
    private static final int AGAIN_SHARE = 4;

    private static final long AGAIN_MILLIS = 3000;
    private static final int MAX_KEPT = 2000;
    private static final int AUDITORS = 16;

    private final Plan plan;
    private final Targets targets;
    private final RestClient client;
    private final HttpReader reader;
    private final Ledger ledger;
    private final LongSupplier clock;
    private final Ids ids;

    /** A sample of all requests that have an outcome, each with the same chance, for the audit at the end. */
    private final List<Followed> kept = new ArrayList<>();

    /** Requests without an outcome at the end of their grace: perhaps no poll was answered. */
    private final List<Followed> unsettled = new ArrayList<>();

    private final Random random = new Random(1);
    private long offered;

    /** A request that can be polled. */
    record Followed(int number, int input, String id) {}

    Polls(
            Plan plan,
            Targets targets,
            RestClient client,
            HttpReader reader,
            Ledger ledger,
            LongSupplier clock,
            Ids ids) {
        this.plan = plan;
        this.targets = targets;
        this.client = client;
        this.reader = reader;
        this.ledger = ledger;
        this.clock = clock;
        this.ids = ids;
    }

    /** Polls until there is an outcome, at the latest until then; half of the requests by long polls. A share is polled once more. */
    void follow(Followed followed, long untilMillis) throws InterruptedException {
        Duration wait = followed.number() / 2 % 2 == 0 ? LONG_POLL : Duration.ZERO;
        long pause = PAUSE_MILLIS;
        for (int attempt = 0; clock.getAsLong() < untilMillis; attempt++) {
            long before = clock.getAsLong();
            if (poll(followed, url(followed, attempt), wait)) {
                keep(followed);
                again(followed, attempt + 1);
                return;
            }
            Thread.sleep(Math.clamp(before + pause - clock.getAsLong(), 0, pause));
            pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
        }
        synchronized (this) {
            unsettled.add(followed);
        }
    }

    /** Polls with another tenant's credential, if there is one. */
    void asStranger(Followed followed) throws InterruptedException {
        if (plan.otherApiKey().isEmpty()) {
            return;
        }
        URI url = url(followed, 0);
        try {
            int code = client.poll(url, followed.id(), plan.otherApiKey(), Duration.ZERO)
                    .code();
            if (code < 500 && code != 429) {
                ledger.record(new Event.PolledByStranger(
                        followed.number(), Place.poll(url.toString()), code, clock.getAsLong()));
            }
        } catch (IOException unanswered) {
            // Another request is polled soon.
        }
    }

    /**
     * Polls all requests once more that had no outcome at the end of their grace. In a long run they would be forgotten before the audit.
     */
    void lookAgain() throws InterruptedException {
        List<Followed> all;
        synchronized (this) {
            all = List.copyOf(unsettled);
        }
        for (Followed followed : all) {
            if (poll(followed, url(followed, 0), Duration.ZERO)) {
                synchronized (this) {
                    unsettled.remove(followed);
                }
                keep(followed);
            }
        }
    }

    /** Offers a request with an outcome to the sample (reservoir sampling). */
    synchronized void keep(Followed followed) {
        offered++;
        if (kept.size() < MAX_KEPT) {
            kept.add(followed);
            return;
        }
        long place = random.nextLong(offered);
        if (place < MAX_KEPT) {
            kept.set((int) place, followed);
        }
    }

    /** Polls the sample, and all requests without an outcome, once more at each address. A request that no ingress answers within the grace is a violation. */
    void audit() throws InterruptedException {
        List<Followed> sample = new ArrayList<>();
        synchronized (this) {
            sample.addAll(unsettled);
            sample.addAll(kept);
        }
        long until = clock.getAsLong() + plan.grace().toMillis();
        Semaphore atATime = new Semaphore(AUDITORS);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Followed followed : sample) {
                atATime.acquire();
                threads.submit(() -> {
                    try {
                        audit(followed, until);
                    } finally {
                        atATime.release();
                    }
                    return null;
                });
            }
        }
    }

    private void audit(Followed followed, long untilMillis) throws InterruptedException {
        for (URI url : plan.urls()) {
            while (true) {
                Optional<Polled> polled = ask(followed, url, Duration.ZERO);
                if (polled.isPresent() && !(polled.get() instanceof Polled.Unavailable)) {
                    break;
                }
                if (clock.getAsLong() > untilMillis) {
                    ledger.record(new Event.Unreadable(
                            followed.number(),
                            Place.poll(url.toString()),
                            "no answer within %d s".formatted(plan.grace().toSeconds()),
                            clock.getAsLong()));
                    break;
                }
                Thread.sleep(PAUSE_MILLIS);
            }
        }
    }

    private void again(Followed followed, int attempt) throws InterruptedException {
        if (followed.number() % AGAIN_SHARE <= 1) {
            Thread.sleep(AGAIN_MILLIS);
            poll(followed, url(followed, attempt), Duration.ZERO);
        }
    }

    /** Whether there is an outcome. */
    private boolean poll(Followed followed, URI url, Duration wait) throws InterruptedException {
        return ask(followed, url, wait)
                .filter(polled -> polled instanceof Polled.Outcome)
                .isPresent();
    }

    /** Polls once and records the answer; empty if there is none, or none that can be read. */
    private Optional<Polled> ask(Followed followed, URI url, Duration wait) throws InterruptedException {
        int number = followed.number();
        Place place = Place.poll(url.toString());
        Polled polled;
        try {
            HttpReader.Answer answer = client.poll(url, followed.id(), plan.apiKey(), wait);
            polled = reader.poll(followed.input(), ids.of(number), followed.id(), answer);
        } catch (IOException unanswered) {
            return Optional.empty();
        } catch (UnreadableException unreadable) {
            ledger.record(new Event.Unreadable(number, place, unreadable.getMessage(), clock.getAsLong()));
            return Optional.empty();
        }
        long now = clock.getAsLong();
        switch (polled) {
            case Polled.Outcome outcome -> ledger.record(new Event.Seen(number, place, outcome.sighting(), now));
            case Polled.Pending pending -> ledger.record(new Event.Pending(number, place, now));
            case Polled.Missing missing -> ledger.record(new Event.Missing(number, place, missing.code(), now));
            case Polled.Unavailable unavailable -> {
                // It said nothing about the request.
            }
        }
        return Optional.of(polled);
    }

    private URI url(Followed followed, int attempt) {
        return targets.of(followed.number() + 1 + attempt);
    }
}
