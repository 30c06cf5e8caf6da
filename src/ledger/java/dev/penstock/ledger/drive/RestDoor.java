package dev.penstock.ledger.drive;

import dev.penstock.ledger.Event;
import dev.penstock.ledger.Ledger;
import dev.penstock.ledger.Place;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Makes calls, synchronous and not, and follows what was accepted. Each call runs on a thread of its own. Thread-safe. */
final class RestDoor {
    /** One request in so many is polled by the other tenant. */
    private static final int STRANGERS_SHARE = 8;

    private final Plan plan;
    private final Inputs inputs;
    private final Targets targets;
    private final RestClient client;
    private final HttpReader reader;
    private final Ledger ledger;
    private final LongSupplier clock;
    private final Polls polls;
    private final Ids ids;

    /** @param clock milliseconds, as those of the ledger's events */
    RestDoor(
            Plan plan,
            Inputs inputs,
            Targets targets,
            RestClient client,
            HttpReader reader,
            Ledger ledger,
            LongSupplier clock,
            Polls polls,
            Ids ids) {
        this.plan = plan;
        this.inputs = inputs;
        this.targets = targets;
        this.client = client;
        this.reader = reader;
        this.ledger = ledger;
        this.clock = clock;
        this.polls = polls;
        this.ids = ids;
    }

    /** Makes the call, and returns when its outcome is known or cannot be known any more. */
    void call(int number, int input, boolean async) throws InterruptedException {
        URI url = targets.of(number);
        HttpReader.Answer answer;
        try {
            answer = client.infer(url, inputs.body(input, ids.of(number)), async);
        } catch (ConnectException | HttpConnectTimeoutException nobodyListens) {
            ledger.record(new Event.NotSent(number, clock.getAsLong()));
            return;
        } catch (IOException broken) {
            ledger.record(new Event.InDoubt(number, Event.Doubt.CONNECTION_LOST, clock.getAsLong()));
            return;
        }
        Optional<String> open = record(number, input, url, answer);
        if (open.isPresent()) {
            Polls.Followed followed = new Polls.Followed(number, input, open.get());
            if (number / 2 % STRANGERS_SHARE == 0) {
                polls.asStranger(followed);
            }
            polls.follow(
                    followed,
                    clock.getAsLong() + plan.deadline().plus(plan.grace()).toMillis());
        }
    }

    /** Returns the request id if the request was accepted and its outcome is still open. */
    private Optional<String> record(int number, int input, URI url, HttpReader.Answer answer) {
        long now = clock.getAsLong();
        long deadline = now + plan.deadline().toMillis();
        Place place = Place.answer(url.toString());
        Heard heard;
        try {
            heard = reader.infer(input, ids.of(number), answer);
        } catch (UnreadableException unreadable) {
            ledger.record(new Event.InDoubt(number, Event.Doubt.UNKNOWN_FATE, now));
            ledger.record(new Event.Unreadable(number, place, unreadable.getMessage(), now));
            return Optional.empty();
        }
        return switch (heard) {
            case Heard.Outcome outcome -> {
                ledger.record(new Event.Accepted(number, outcome.id(), deadline, now));
                ledger.record(new Event.Seen(number, place, outcome.sighting(), now));
                if (plan.pollsAnswered()) {
                    polls.keep(new Polls.Followed(number, input, outcome.id()));
                }
                yield Optional.empty();
            }
            case Heard.Accepted accepted -> {
                ledger.record(new Event.Accepted(number, accepted.id(), deadline, now));
                yield Optional.of(accepted.id());
            }
            case Heard.TimedOut timedOut -> {
                ledger.record(new Event.TimedOut(number, timedOut.id(), now));
                yield Optional.of(timedOut.id());
            }
            case Heard.Refused refused -> {
                ledger.record(new Event.Refused(number, refused.code(), refused.namesRetryAfter(), now));
                yield Optional.empty();
            }
            case Heard.UnknownFate unknown -> {
                ledger.record(new Event.InDoubt(number, Event.Doubt.UNKNOWN_FATE, now));
                yield Optional.empty();
            }
        };
    }
}
