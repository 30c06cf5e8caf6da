package dev.penstock.simulation.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.messages.Outcome;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.RecordSource;
import dev.penstock.messages.Reply;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.simulation.faults.Workload.Nature;
import dev.penstock.simulation.faults.Workload.Request;
import dev.penstock.simulation.faults.Workload.Requester;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;

/**
 * What must hold whatever breaks. Readers of our own topics keep the first reply with an id. Other systems have no such reader, so there
 * each record gets one reply. Two are tolerated, as docs/known-limits.md says: when one lay in the buffer of a worker that was frozen or
 * cut off, and when the request was passed on, so that copies of it are served in two places at once.
 */
final class Promises {
    /** Workers give a request up when they expect to miss its deadline, and set at most a quarter of its time aside for delivery. */
    private static final double DELIVERY_SHARE = 0.25;

    /** A record that ends processes becomes a dead letter after two; a third is possible, see ADR 25. */
    private static final int MOST_DEATHS_PER_RECORD = 3;

    /** From when the group gives a partition to an owner until that asks for the end of the log. */
    private static final long TAKEOVER_NANOS = 6_000_000_000L;

    private final VirtualTime time;
    private final SimulatedLogs logs;
    private final Trace trace;
    private final long estimateMillis;
    private final Map<String, Sent> sent = new HashMap<>();
    private final Map<RecordSource, Answer> answersToOthers = new HashMap<>();
    private final Map<RecordSource, Sent> open = new LinkedHashMap<>();
    private final Set<RecordSource> deadLetters = new HashSet<>();
    private final Set<String> passedOn = new HashSet<>();
    private final Map<TopicPartition, List<Long>> endings = new HashMap<>();
    private int mostLives = 1;
    private int secondReplies;
    private int toleratedReplies;

    /** A request, and what became of it. */
    private static final class Sent {
        private final Request request;
        private final long deadlineMillis;
        private final Map<TopicPartition, Long> sinceNanos = new HashMap<>();
        private Optional<String> visible = Optional.empty();
        private int records;
        private int deaths;

        Sent(Request request, long deadlineMillis) {
            this.request = request;
            this.deadlineMillis = deadlineMillis;
        }
    }

    /** @param lay whether it lay in the buffer of a process that was frozen or cut off */
    private record Answer(String status, SimulatedProcess from, long sentNanos, boolean lay) {}

    /** A promise is broken. */
    static final class Broken extends AssertionError {
        private static final long serialVersionUID = 1;

        Broken(String what) {
            super(what);
        }
    }

    /** @param estimateMillis how long the longest run may be expected to take, and those before it */
    Promises(VirtualTime time, SimulatedLogs logs, Trace trace, long estimateMillis) {
        this.time = time;
        this.logs = logs;
        this.trace = trace;
        this.estimateMillis = estimateMillis;
    }

    /** A record of the request is in the log: the first one, or a copy. */
    void sent(Request request, ConsumerRecord<byte[], byte[]> record) {
        Sent known = sent.computeIfAbsent(
                request.id(), first -> new Sent(request, record.timestamp() + request.timeoutMillis()));
        known.records++;
        open(known, record);
    }

    private void open(Sent request, ConsumerRecord<byte[], byte[]> record) {
        request.sinceNanos.putIfAbsent(partition(record), time.nanos() - TAKEOVER_NANOS);
        open.put(place(record), request);
    }

    /** A worker has published a request once more. */
    void passedOn(ConsumerRecord<byte[], byte[]> record) {
        open(sent(id(record.headers())), record);
        passedOn.add(origin(record) + "#" + hops(record));
    }

    void replied(SimulatedProcess from, ConsumerRecord<byte[], byte[]> record, long sentNanos) {
        Sent answered = sent(id(record.headers()));
        Request request = answered.request;
        require(record.topic().equals(request.replyTopic()), "a reply is on the wrong topic", request);
        require(
                request.replyPartition().orElse(record.partition()) == record.partition(),
                "a reply is on the wrong partition",
                request);
        Reply reply;
        try {
            reply = Reply.read(record.headers(), record.value());
        } catch (InvalidRequestException broken) {
            throw new Broken("a reply cannot be read: " + broken.getMessage());
        }
        checkOutcome(answered, reply.outcome(), record);
        if (request.requester() == Requester.OTHER_SYSTEM) {
            answeredOthers(request, from, record, sentNanos, reply.outcome().status());
        } else if (answered.visible.isPresent()) {
            secondReplies++;
        }
        if (answered.visible.isEmpty()) {
            answered.visible = Optional.of(reply.outcome().status());
        }
    }

    private void checkOutcome(Sent answered, Outcome outcome, ConsumerRecord<byte[], byte[]> record) {
        Request request = answered.request;
        switch (outcome) {
            case Outcome.Succeeded succeeded -> {
                require(request.nature() == Nature.GOOD, "a request that cannot succeed did", request);
                require(
                        new String(record.value(), UTF_8).contains(request.output()),
                        "a request got the answer of another",
                        request);
            }
            case Outcome.Failed failed -> require(mayFail(answered), "a good request failed: " + failed, request);
            case Outcome.Expired expired ->
                require(
                        time.millis()
                                >= answered.deadlineMillis - DELIVERY_SHARE * request.timeoutMillis() - estimateMillis,
                        "a request expired long before its deadline",
                        request);
            case Outcome.Cancelled cancelled -> require(false, "a request was cancelled by nobody", request);
        }
    }

    /** A good request fails when nobody has its version, or when two owners of its partition ended without a last commit. */
    private boolean mayFail(Sent answered) {
        return answered.request.nature() != Nature.GOOD
                || answered.request.version().equals(Optional.of("2"))
                || answered.sinceNanos.entrySet().stream()
                        .anyMatch(since -> endings.getOrDefault(since.getKey(), List.of()).stream()
                                        .filter(at -> at >= since.getValue())
                                        .count()
                                >= 2);
    }

    private void answeredOthers(
            Request request,
            SimulatedProcess from,
            ConsumerRecord<byte[], byte[]> record,
            long sentNanos,
            String status) {
        RecordSource source = source(record.headers())
                .orElseThrow(() -> new Broken("a reply to another system does not say which request it answers"));
        require(sent.get(request.id()) == open.get(source), "a reply answers another record", request);
        Answer now = new Answer(status, from, sentNanos, from.isDisturbedSince(sentNanos));
        Answer first = answersToOthers.putIfAbsent(source, now);
        if (first != null) {
            boolean isSentAgain = first.from == from && from.isDisturbedSince(first.sentNanos);
            boolean wasPassedOn = passedOn.contains(source + "#1");
            require(
                    first.lay || now.lay || isSentAgain || wasPassedOn,
                    "another system got a second reply to %s: %s by %s after %s by %s"
                            .formatted(source, status, from.name, first.status, first.from.name),
                    request);
            toleratedReplies++;
        }
    }

    void deadLetter(ConsumerRecord<byte[], byte[]> letter) {
        Headers headers = letter.headers();
        RecordSource place = new RecordSource(
                text(headers, RecordHeaders.DEAD_LETTER_SOURCE_TOPIC),
                Integer.parseInt(text(headers, RecordHeaders.DEAD_LETTER_SOURCE_PARTITION)),
                Long.parseLong(text(headers, RecordHeaders.DEAD_LETTER_SOURCE_OFFSET)));
        deadLetters.add(source(headers).orElse(place));
    }

    /** A request has ended the process that ran it. */
    void killed(int number) {
        Sent deadly = sent(Request.id(number));
        deadly.deaths++;
        require(
                deadly.deaths <= mostLives * MOST_DEATHS_PER_RECORD * deadly.records,
                "a request ended " + deadly.deaths + " processes",
                deadly.request);
    }

    /** The notes of the owners are gone. */
    void forgotten() {
        mostLives++;
    }

    /** A partition goes to another owner. The one before may have left in order. */
    void claimed(TopicPartition partition) {
        boolean isLeft = logs.committed(partition)
                .map(OffsetAndMetadata::metadata)
                .filter(note -> note.contains("left=1"))
                .isPresent();
        if (!isLeft) {
            endings.computeIfAbsent(partition, first -> new ArrayList<>()).add(time.nanos());
        }
    }

    void committed(TopicPartition partition, boolean isOwner, long before, OffsetAndMetadata commit) {
        require(isOwner, "a worker committed a partition that is another's: " + partition);
        require(commit.offset() >= before, "a commit of " + partition + " went back");
        require(commit.offset() <= logs.end(partition), "a commit of " + partition + " is beyond the end of the log");
        for (long offset = before; offset < commit.offset(); offset++) {
            ConsumerRecord<byte[], byte[]> record = logs.records(partition).get((int) offset);
            require(
                    isSettled(record),
                    "an offset was committed past a record that is not answered: " + place(record),
                    sent(id(record.headers())).request);
        }
    }

    private boolean isSettled(ConsumerRecord<byte[], byte[]> record) {
        Sent asked = sent(id(record.headers()));
        if (passedOn.contains(origin(record) + "#" + (hops(record) + 1))) {
            return true;
        }
        return isAnswered(record, asked)
                && (asked.request.nature() != Nature.UNDECODABLE || deadLetters.contains(origin(record)));
    }

    private boolean isAnswered(ConsumerRecord<byte[], byte[]> record, Sent asked) {
        return asked.request.requester() == Requester.OTHER_SYSTEM
                ? answersToOthers.containsKey(origin(record))
                : asked.visible.isPresent();
    }

    /** What has no outcome yet; empty when all has. */
    Optional<String> unanswered() {
        return open.entrySet().stream()
                .filter(each -> !isSettled(logs.records(partition(each.getKey()))
                        .get((int) each.getKey().offset())))
                .map(each -> each.getKey() + " " + each.getValue().request)
                .findFirst();
    }

    /** Second replies on our own topics, which nobody sees. */
    int secondReplies() {
        return secondReplies;
    }

    /** Second replies to other systems, as far as they are known limits. */
    int toleratedReplies() {
        return toleratedReplies;
    }

    private Sent sent(String id) {
        Sent known = sent.get(id);
        if (known == null) {
            throw new Broken("a reply to what was not sent: " + id);
        }
        return known;
    }

    void require(boolean holds, String what) {
        if (!holds) {
            trace.say("BROKEN: %s", what);
            throw new Broken("%s, at %.1f ms".formatted(what, time.nanos() / 1e6));
        }
    }

    private void require(boolean holds, String what, Request which) {
        if (!holds) {
            require(false, what + " (" + which + ")");
        }
    }

    private static RecordSource place(ConsumerRecord<byte[], byte[]> record) {
        return new RecordSource(record.topic(), record.partition(), record.offset());
    }

    private static RecordSource origin(ConsumerRecord<byte[], byte[]> record) {
        return source(record.headers()).orElseGet(() -> place(record));
    }

    private static Optional<RecordSource> source(Headers headers) {
        return RecordHeaders.text(headers, RecordHeaders.SOURCE).flatMap(RecordSource::parse);
    }

    private static int hops(ConsumerRecord<byte[], byte[]> record) {
        return RecordHeaders.text(record.headers(), RecordHeaders.PASSED_ON)
                .map(Integer::parseInt)
                .orElse(0);
    }

    private static TopicPartition partition(ConsumerRecord<byte[], byte[]> record) {
        return new TopicPartition(record.topic(), record.partition());
    }

    private static TopicPartition partition(RecordSource place) {
        return new TopicPartition(place.topic(), place.partition());
    }

    private static String id(Headers headers) {
        return text(headers, RecordHeaders.CORRELATION_ID);
    }

    private static String text(Headers headers, String name) {
        return RecordHeaders.text(headers, name).orElseThrow(() -> new Broken("a record has no header " + name));
    }

    /** Whether it is a topic of replies. */
    static boolean isReply(String topic) {
        return Topics.isOurReplyTopic(topic) || topic.equals(Workload.OTHERS_TOPIC);
    }
}
