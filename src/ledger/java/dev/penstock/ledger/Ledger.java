package dev.penstock.ledger;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Decides whether a service kept its promise: each accepted request reaches exactly one visible outcome, which never changes. Events in,
 * verdict out; no I/O, no clock. Thread-safe.
 *
 * <p>An entry moves from in flight to not sent, refused, in doubt or accepted. Independently, its first sighting is kept, and each later
 * one is compared with it. A reply may overtake the acknowledgement of its request, so both orders are legal. A request that is in doubt
 * may have one outcome or none. The rest is the list of {@link Violation.Kind}s.
 *
 * <p>Each kind of violation counts once for a request, however often a poll sees it.
 */
public final class Ledger {
    /** Distinct outcomes are few, unless outputs are wrong. */
    private static final int MAX_SHARED_SIGHTINGS = 1000;

    /** The service keeps the outcome of a synchronous call for this long after the call. */
    static final long ANSWER_KEPT_MILLIS = Duration.ofMinutes(10).toMillis();

    /** The default of {@code penstock.ingress.result-ttl}, which counts from the deadline. */
    static final long RESULT_KEPT_MILLIS = Duration.ofHours(1).toMillis();

    private final Rules rules;
    private final long startMillis;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<Door, DoorCounts> doors = new EnumMap<>(Door.class);
    private final List<Violation> violations = new ArrayList<>();
    private final Map<Violation.Kind, Long> counts = new EnumMap<>(Violation.Kind.class);
    private final Map<Sighting, Sighting> sightings = new HashMap<>();

    /** @param startMillis the start of the run, on the clock of the events */
    public Ledger(Rules rules, long startMillis) {
        this.rules = rules;
        this.startMillis = startMillis;
    }

    /**
     * Takes one event.
     *
     * @throws IllegalArgumentException when the event's number is not the next one, or is unknown
     * @throws IllegalStateException when there are as many requests as the rules allow
     */
    public synchronized void record(Event event) {
        switch (event) {
            case Event.Sent sent -> sent(sent);
            case Event.NotSent notSent -> {
                Entry entry = entry(notSent.number());
                entry.fate = Entry.Fate.NOT_SENT;
                counts(entry).notSent++;
            }
            case Event.Accepted accepted -> accepted(accepted);
            case Event.TimedOut timedOut -> timedOut(timedOut);
            case Event.Refused refused -> refused(refused);
            case Event.InDoubt inDoubt -> {
                Entry entry = entry(inDoubt.number());
                entry.fate = Entry.Fate.IN_DOUBT;
                counts(entry).inDoubt(inDoubt.doubt());
            }
            case Event.Seen seen -> seen(seen);
            case Event.Pending pending -> pending(pending);
            case Event.Missing missing -> missing(missing);
            case Event.PolledByStranger stranger -> {
                if (stranger.code() != 404) {
                    violated(
                            Violation.Kind.WRONG_TENANT,
                            entry(stranger.number()),
                            stranger.atMillis(),
                            "%s answered another tenant %d".formatted(stranger.place(), stranger.code()));
                }
            }
            case Event.Unsent unsent ->
                violated(new Violation(
                        Violation.Kind.UNSENT,
                        unsent.correlationId(),
                        "",
                        unsent.atMillis() - startMillis,
                        "%s has %s".formatted(unsent.place(), unsent.what())));
            case Event.Unreadable unreadable ->
                violated(
                        Violation.Kind.UNREADABLE,
                        entry(unreadable.number()),
                        unreadable.atMillis(),
                        "%s: %s".formatted(unreadable.place(), unreadable.what()));
        }
    }

    /** The number of the next request. */
    public synchronized int size() {
        return entries.size();
    }

    /** The input that a request was sent with. */
    public synchronized int input(int number) {
        return entry(number).input;
    }

    public boolean isFull() {
        return size() >= rules.maxRequests();
    }

    /** Accepted requests of a door that have no outcome yet. */
    public synchronized long open(Door door) {
        DoorCounts counts = doors.get(door);
        return counts == null ? 0 : counts.open;
    }

    public synchronized Progress progress() {
        List<DoorTotals> totals =
                doors.values().stream().map(DoorCounts::totals).toList();
        return new Progress(
                entries.size(),
                totals.stream().mapToLong(DoorTotals::accepted).sum(),
                totals.stream().mapToLong(DoorTotals::settled).sum(),
                totals.stream().mapToLong(DoorTotals::open).sum(),
                totals.stream().mapToLong(DoorTotals::allRefused).sum(),
                totals.stream()
                        .mapToLong(door -> door.allInDoubt() + door.notSent())
                        .sum(),
                counts.values().stream().mapToLong(Long::longValue).sum());
    }

    /** Counts so far. */
    public record Progress(
            long sent, long accepted, long settled, long open, long refused, long inDoubt, long violations) {}

    /** Judges the run as if it ended now. Changes nothing. */
    public synchronized Verdict verdict(long nowMillis) {
        List<Violation> listed = new ArrayList<>(violations);
        long lost = 0;
        long undecided = 0;
        for (Entry entry : entries) {
            if (entry.fate == Entry.Fate.IN_FLIGHT) {
                undecided++;
                continue;
            }
            if (!entry.isOpen()) {
                continue;
            }
            if (nowMillis < entry.deadlineMillis + rules.grace().toMillis()) {
                undecided++;
                continue;
            }
            if (entry.counted.contains(Violation.Kind.LOST)) {
                continue;
            }
            lost++;
            if (listed.size() < rules.maxListed()) {
                listed.add(new Violation(
                        Violation.Kind.LOST,
                        entry.id,
                        entry.door.label(),
                        entry.sentMillis - startMillis,
                        "no outcome was seen by %.1f s after its deadline"
                                .formatted((nowMillis - entry.deadlineMillis) / 1e3)));
            }
        }
        Map<Violation.Kind, Long> all = new EnumMap<>(Violation.Kind.class);
        all.putAll(counts);
        if (lost > 0) {
            all.merge(Violation.Kind.LOST, lost, Long::sum);
        }
        Map<Door, DoorTotals> totals = new EnumMap<>(Door.class);
        doors.forEach((door, counted) -> totals.put(door, counted.totals()));
        return new Verdict(totals, listed, all, undecided, nowMillis - startMillis);
    }

    private void sent(Event.Sent sent) {
        if (sent.number() != entries.size()) {
            throw new IllegalArgumentException(
                    "number must be the next one, %d, was %d".formatted(entries.size(), sent.number()));
        }
        if (isFull()) {
            throw new IllegalStateException("the ledger is full: it takes %d requests".formatted(rules.maxRequests()));
        }
        Entry entry = new Entry(sent.door(), sent.input(), sent.atMillis());
        entries.add(entry);
        doors.computeIfAbsent(sent.door(), door -> new DoorCounts());
        counts(entry).sent++;
    }

    private void accepted(Event.Accepted accepted) {
        Entry entry = entry(accepted.number());
        accept(entry, accepted.id(), accepted.deadlineMillis());
    }

    private void timedOut(Event.TimedOut timedOut) {
        Entry entry = entry(timedOut.number());
        accept(entry, timedOut.id(), timedOut.atMillis());
        counts(entry).timedOut++;
    }

    private void accept(Entry entry, String id, long deadlineMillis) {
        entry.fate = Entry.Fate.ACCEPTED;
        entry.id = id;
        entry.deadlineMillis = deadlineMillis;
        counts(entry).accepted++;
        if (entry.isOpen()) {
            counts(entry).open++;
        }
    }

    private void refused(Event.Refused refused) {
        Entry entry = entry(refused.number());
        entry.fate = Entry.Fate.REFUSED;
        counts(entry).refused(refused.code());
        if ((refused.code() == 429 || refused.code() == 503) && !refused.namesRetryAfter()) {
            violated(
                    Violation.Kind.NO_RETRY_AFTER,
                    entry,
                    refused.atMillis(),
                    "refused with %d and no Retry-After".formatted(refused.code()));
        }
        entry.first.ifPresent(first -> unaccepted(entry, first));
    }

    private void seen(Event.Seen seen) {
        Entry entry = entry(seen.number());
        Sighting sighting = shared(seen.sighting());
        if (!sighting.isRight()) {
            violated(
                    Violation.Kind.WRONG_OUTPUT,
                    entry,
                    seen.atMillis(),
                    "%s of input %d: %s".formatted(seen.place(), entry.input, sighting.content()));
        }
        if (entry.first.isPresent()) {
            compare(entry, entry.first.get(), seen);
            return;
        }
        boolean wasOpen = entry.isOpen();
        Entry.First first = new Entry.First(sighting, seen.place(), seen.atMillis());
        entry.first = Optional.of(first);
        DoorCounts counts = counts(entry);
        counts.settled(sighting.status(), seen.atMillis() - entry.sentMillis);
        if (wasOpen) {
            counts.open--;
            counts.late(seen.atMillis() - entry.deadlineMillis);
        }
        if (entry.fate == Entry.Fate.REFUSED || entry.fate == Entry.Fate.NOT_SENT) {
            unaccepted(entry, first);
        }
    }

    private void compare(Entry entry, Entry.First first, Event.Seen seen) {
        if (!first.sighting().equals(seen.sighting())) {
            violated(
                    Violation.Kind.CHANGED,
                    entry,
                    seen.atMillis(),
                    "%s has %s; before, %s".formatted(seen.place(), seen.sighting(), describe(first)));
        } else if (seen.place().kind() == Place.Kind.REPLY) {
            counts(entry).duplicates++;
        } else {
            counts(entry).confirmed++;
        }
    }

    /** An outcome may be seen late because nobody could be asked. It is lost once the service says, after the grace, that there is none. */
    private void pending(Event.Pending pending) {
        Entry entry = entry(pending.number());
        long lateMillis = pending.atMillis() - entry.deadlineMillis;
        if (entry.first.isPresent()) {
            violated(
                    Violation.Kind.WITHDRAWN,
                    entry,
                    pending.atMillis(),
                    "%s has no outcome; before, %s".formatted(pending.place(), describe(entry.first.get())));
        } else if (entry.isOpen() && lateMillis >= rules.grace().toMillis()) {
            violated(
                    Violation.Kind.LOST,
                    entry,
                    pending.atMillis(),
                    "%s has no outcome %.1f s after its deadline".formatted(pending.place(), lateMillis / 1e3));
        }
    }

    /** The outcome of a synchronous call is kept for a while only, whether its caller heard it or a 504. That of any other is kept longer. */
    private void missing(Event.Missing missing) {
        Entry entry = entry(missing.number());
        boolean mayBeGone = entry.door == Door.SYNC
                ? missing.atMillis() - entry.sentMillis >= ANSWER_KEPT_MILLIS
                : missing.atMillis() - entry.deadlineMillis >= RESULT_KEPT_MILLIS;
        if (mayBeGone && missing.code() == 410) {
            return;
        }
        violated(
                Violation.Kind.FORGOTTEN,
                entry,
                missing.atMillis(),
                "%s answers %d%s"
                        .formatted(
                                missing.place(),
                                missing.code(),
                                entry.first
                                        .map(first -> "; before, " + describe(first))
                                        .orElse("")));
    }

    private void unaccepted(Entry entry, Entry.First first) {
        violated(
                Violation.Kind.UNACCEPTED,
                entry,
                first.atMillis(),
                "was not accepted, and %s has %s".formatted(first.place(), first.sighting()));
    }

    private void violated(Violation.Kind kind, Entry entry, long atMillis, String what) {
        if (entry.counted.isEmpty()) {
            entry.counted = EnumSet.noneOf(Violation.Kind.class);
        }
        if (entry.counted.add(kind)) {
            violated(new Violation(kind, entry.id, entry.door.label(), atMillis - startMillis, what));
        }
    }

    private void violated(Violation violation) {
        counts.merge(violation.kind(), 1L, Long::sum);
        if (violations.size() < rules.maxListed()) {
            violations.add(violation);
        }
    }

    private String describe(Entry.First first) {
        return "%s had %s at %.3f s".formatted(first.place(), first.sighting(), (first.atMillis() - startMillis) / 1e3);
    }

    /** One object for all requests with that outcome. */
    private Sighting shared(Sighting sighting) {
        if (sightings.size() >= MAX_SHARED_SIGHTINGS) {
            return sightings.getOrDefault(sighting, sighting);
        }
        return sightings.computeIfAbsent(sighting, same -> same);
    }

    private Entry entry(int number) {
        if (number < 0 || number >= entries.size()) {
            throw new IllegalArgumentException("number must be in 0..%d, was %d".formatted(entries.size() - 1, number));
        }
        return entries.get(number);
    }

    private DoorCounts counts(Entry entry) {
        DoorCounts counts = doors.get(entry.door);
        if (counts == null) {
            throw new IllegalStateException("no request was sent through " + entry.door);
        }
        return counts;
    }
}
