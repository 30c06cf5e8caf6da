package dev.penstock.worker.reply;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.local.BrokerWithRights;
import dev.penstock.local.TopicContent;
import dev.penstock.messages.CorrelationId;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Reply;
import dev.penstock.messages.Timings;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Problem;
import dev.penstock.threads.Faults;
import dev.penstock.threads.Time;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.AcceptedRecords;
import dev.penstock.worker.accepted.Lease;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.OffsetLedger;
import dev.penstock.worker.accepted.ReplyAddress;
import dev.penstock.worker.accepted.SourceRecord;
import dev.penstock.worker.loop.WorkerMeters;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Replies and dead letters on a real broker whose topics do not take everything. */
@Timeout(300)
class DeliveriesTest {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final int MAX_RECORD_BYTES = 1 << 20;
    private static final String OTHERS = "penstock.replies.billing";
    private static final byte[] LONG = new byte[5000];

    private static BrokerWithRights broker;
    private static KafkaClients kafka;
    private static Cancellations cancellations;

    private final String model = "m-" + UUID.randomUUID();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Faults faults = new Faults("worker");
    private volatile boolean areTopicsOurs;
    private ReplyProducers producers;
    private ReplyTopics topics;
    private Deliveries deliveries;
    private ReplyPublisher publisher;
    private final Queue<String> seen = new ConcurrentLinkedQueue<>();

    @BeforeAll
    static void startBroker() throws Exception {
        broker = BrokerWithRights.start();
        kafka = new KafkaClients(broker.clients());
        create(Topics.RESULTS, 400);
        create(Topics.REPLIES, MAX_RECORD_BYTES);
        create(Topics.CANCELLATIONS, MAX_RECORD_BYTES);
        create(OTHERS, MAX_RECORD_BYTES);
        cancellations = new Cancellations(kafka, new Faults("worker"));
    }

    @AfterAll
    static void stopBroker() {
        cancellations.close();
        broker.close();
    }

    @BeforeEach
    void start() {
        producers = ReplyProducers.open(kafka, MAX_RECORD_BYTES, Duration.ofSeconds(2), faults);
        topics = new ReplyTopics(broker.admin(), producers, List.of("*"), this::makeAgain, faults);
        deliveries = new Deliveries(producers, topics, meters, faults);
        publisher = publisher(model);
    }

    private void makeAgain(String topic, Runnable made) {
        if (topic.equals(Topics.deadLetters(model))) {
            layout(areTopicsOurs)
                    .makeAgain(broker.admin(), layout(areTopicsOurs).deadLetters(model), made);
        }
    }

    private static TopicLayout layout(boolean isOurs) {
        return new TopicLayout(isOurs, 1, 1, Optional.empty(), MAX_RECORD_BYTES, Duration.ofHours(1));
    }

    private ReplyPublisher publisher(String name) {
        return new ReplyPublisher(
                deliveries,
                name,
                Map.of(),
                MAX_RECORD_BYTES,
                NonFinite.TEXT,
                new WorkerMeters(meters, name),
                cancellations::contains,
                Time.OF_MACHINE);
    }

    @AfterEach
    void stop() {
        deliveries.close();
        topics.close();
        producers.close();
        assertThat(faults.isEmpty()).isTrue();
    }

    @Test
    void aReplyThatIsTooLargeForItsTopicBecomesASmallFailedOne() throws Exception {
        create(Topics.deadLetters(model), MAX_RECORD_BYTES);
        Request request = request(Topics.RESULTS, LONG);

        answer(request, succeeded(LONG));

        awaitSettled(request);
        Reply reply = reply(onlyRecord(Topics.RESULTS, request));
        assertThat(reply.outcome()).isInstanceOfSatisfying(Outcome.Failed.class, failed -> {
            assertThat(failed.problem().is(Problem.Kind.PAYLOAD_TOO_LARGE)).isTrue();
            assertThat(failed.problem().detail()).contains("too large");
        });
        assertThat(records(Topics.deadLetters(model))).isEmpty();
        assertThat(seen).containsExactly("failed");
    }

    @Test
    void aReplyIsNotSentAgainOnceThePartitionHasAnotherOwner() throws Exception {
        String back = "penstock.replies.back";
        Request request = request(back, LONG);

        answer(request, succeeded(LONG)); // there is no such topic, and so no metadata
        request.ledger.forget(List.of(request.accepted.source().partition()));
        create(back, MAX_RECORD_BYTES);

        awaitSettled(request);
        assertThat(records(back)).isEmpty();
        assertThat(seen).isEmpty();
    }

    @Test
    void countsRepliesThatWaitForTheLease() {
        Lease lease = new Lease(
                Duration.ofDays(1), System.nanoTime() - Duration.ofDays(2).toNanos());
        Request request = request(new OffsetLedger(lease, System::nanoTime), OTHERS, LONG);

        answer(request, succeeded(LONG));

        assertThat(waiting()).isEqualTo(1);
        lease.renew(System.nanoTime());
        lease.release(System.nanoTime());
        awaitSettled(request);
        assertThat(waiting()).isZero();
    }

    @Test
    void aReplyToAMissingTopicIsLeftToTheNextOwnerOfThePartition() throws Exception {
        String missing = "penstock.replies.missing";
        create(Topics.deadLetters(model), MAX_RECORD_BYTES);
        assertThat(topics.resolve(headers(missing)).get(60, TimeUnit.SECONDS)).isInstanceOf(Resolution.Rejected.class);
        Request request = request(missing, LONG);

        answer(request, succeeded(LONG)); // fails at once
        request.ledger.forget(List.of(request.accepted.source().partition()));

        await().until(() -> meters.get("inference.deliveries.waiting").gauge().value() == 0);
        assertThat(records(Topics.deadLetters(model))).isEmpty();
        assertThat(seen).isEmpty();
    }

    @Test
    void anOutcomeOfAnotherKindStaysWhatItIsOnATopicThatTakesLittle() throws Exception {
        Request expired = request(Topics.RESULTS, LONG, "traceparent", "0".repeat(500));
        Request rejected = request(Topics.RESULTS, LONG);
        create(Topics.deadLetters(model), MAX_RECORD_BYTES);

        answer(expired, new Outcome.Expired());
        publisher.reject(rejected.accepted, Problem.of(Problem.Kind.NOT_FOUND, "no ".repeat(1000)));

        awaitSettled(expired, rejected);
        assertThat(reply(onlyRecord(Topics.RESULTS, expired)).outcome()).isInstanceOf(Outcome.Expired.class);
        assertThat(reply(onlyRecord(Topics.RESULTS, rejected)).outcome())
                .isInstanceOfSatisfying(
                        Outcome.Failed.class,
                        failed -> assertThat(failed.problem().is(Problem.Kind.NOT_FOUND))
                                .isTrue());
    }

    @Test
    void saysHowLargeTheReplyWasWhereThereIsRoomForIt() throws Exception {
        String narrow = "penstock.replies.narrow";
        create(narrow, 2000);
        Request request = request(narrow, LONG);

        answer(request, succeeded(LONG));

        awaitSettled(request);
        ConsumerRecord<byte[], byte[]> failed = onlyRecord(narrow, request);
        assertThat(new String(failed.value(), UTF_8)).contains("more than topic " + narrow + " takes");
        assertThat(text(failed, "model-version")).hasValue("1");
    }

    @Test
    void aRequestWhoseReplyNoFormFitsBecomesADeadLetter() throws Exception {
        String none = "penstock.replies.none";
        create(none, 64);
        create(Topics.deadLetters(model), MAX_RECORD_BYTES);
        Request request = request(none, LONG);

        answer(request, succeeded(LONG));

        awaitSettled(request);
        ConsumerRecord<byte[], byte[]> letter = onlyRecord(Topics.deadLetters(model), request);
        assertThat(letter.value()).isEqualTo(LONG);
        assertThat(text(letter, RecordHeaders.DEAD_LETTER_ERROR))
                .hasValueSatisfying(
                        why -> assertThat(why).startsWith("the reply could not be delivered to topic " + none + ": "));
        assertThat(meters.get("inference.replies.undeliverable").counter().count())
                .isEqualTo(1);
    }

    @Test
    void aDeadLetterThatIsTooLargeIsHeadersAlone() throws Exception {
        create(Topics.deadLetters(model), 3000);
        Request request = request(OTHERS, LONG, "mine", "kept");

        publisher.reject(request.accepted, Problem.of(Problem.Kind.INVALID_REQUEST, "not JSON"));

        awaitSettled(request);
        ConsumerRecord<byte[], byte[]> letter = onlyRecord(Topics.deadLetters(model), request);
        assertThat(letter.value()).isNull();
        assertThat(text(letter, "mine")).hasValue("kept");
        assertThat(text(letter, RecordHeaders.DEAD_LETTER_TRUNCATED)).hasValue("5000");
        assertThat(text(letter, RecordHeaders.DEAD_LETTER_SOURCE_OFFSET)).hasValue("7");
    }

    /** The first by the producer's limit, the second by the topic's. */
    @Test
    void headersThatAreTooLargeOrTooManyLeaveAPointer() throws Exception {
        create(Topics.deadLetters(model), 3000);
        Request large = request(OTHERS, LONG, "mine", "x".repeat(2 * MAX_RECORD_BYTES));
        Request many =
                request(OTHERS, LONG, Stream.generate(() -> "h").limit(2000).toArray(String[]::new));

        publisher.reject(large.accepted, Problem.of(Problem.Kind.INVALID_REQUEST, "x".repeat(2 * MAX_RECORD_BYTES)));
        publisher.reject(many.accepted, Problem.of(Problem.Kind.INVALID_REQUEST, "not JSON"));

        awaitSettled(large, many);
        for (Request each : List.of(large, many)) {
            ConsumerRecord<byte[], byte[]> letter = onlyRecord(Topics.deadLetters(model), each);
            assertThat(letter.value()).isNull();
            assertThat(letter.headers()).hasSizeLessThan(8);
            assertThat(text(letter, RecordHeaders.DEAD_LETTER_ERROR)).isPresent();
            assertThat(text(letter, RecordHeaders.DEAD_LETTER_SOURCE_OFFSET)).hasValue("7");
            assertThat(text(onlyRecord(OTHERS, each), "status")).hasValue("failed");
        }
    }

    @Test
    void aRecordThatNothingFitsIsSettledAndCounted() throws Exception {
        create(Topics.deadLetters(model), 64);
        Request request = request(OTHERS, LONG);

        publisher.reject(request.accepted, Problem.of(Problem.Kind.INVALID_REQUEST, "not JSON"));

        awaitSettled(request);
        assertThat(lost()).isEqualTo(1);
        assertThat(text(onlyRecord(OTHERS, request), "status")).hasValue("failed");
    }

    @Test
    void aReplyTopicThatIsDeletedIsThatRequestersLossAlone() throws Exception {
        String deleted = "penstock.replies.deleted";
        create(deleted, MAX_RECORD_BYTES);
        create(Topics.deadLetters(model), MAX_RECORD_BYTES);
        Request before = request(deleted, LONG);
        answer(before, succeeded(LONG));
        awaitSettled(before);
        broker.admin().deleteTopics(List.of(deleted)).all().get();

        List<Request> lost = new ArrayList<>();
        List<Request> others = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            lost.add(request(deleted, LONG));
            others.add(request(OTHERS, LONG));
            others.add(request(Topics.REPLIES, LONG));
            answer(lost.get(i), succeeded(LONG)); // on the loop's thread, which must not block
            answer(others.get(2 * i), succeeded(LONG));
            answer(others.get(2 * i + 1), succeeded(LONG));
        }

        awaitSettled(others.toArray(Request[]::new));
        awaitSettled(lost.toArray(Request[]::new));
        assertThat(records(Topics.deadLetters(model))).hasSize(50);
        assertThat(topics.resolve(headers(deleted)).get(60, TimeUnit.SECONDS)).isInstanceOf(Resolution.Rejected.class);
    }

    @Test
    void whatMayNotBeWrittenHoldsNothingBackAndIsWrittenOnceItMay() throws Exception {
        String letters = Topics.deadLetters(model);
        String otherModel = model + "-other";
        create(letters, MAX_RECORD_BYTES);
        create(Topics.deadLetters(otherModel), MAX_RECORD_BYTES);
        broker.withdraw(AclOperation.WRITE, letters);
        broker.withdraw(AclOperation.WRITE, Topics.REPLIES);
        Request undecodable = request(OTHERS, LONG);
        Request unanswered = request(Topics.REPLIES, LONG);
        Request fine = request(OTHERS, LONG);

        publisher.reject(undecodable.accepted, Problem.of(Problem.Kind.INVALID_REQUEST, "not JSON"));
        publisher(otherModel).send(unanswered.accepted, succeeded(LONG), Timings.NONE, seen::add);
        answer(fine, succeeded(LONG));

        awaitSettled(fine);
        assertThat(undecodable.isSettled() || unanswered.isSettled()).isFalse();
        await().until(() -> meters.get("inference.deliveries.waiting").gauge().value() == 2);
        awaitSettled(undecodable, unanswered);
        assertThat(lost()).isEqualTo(1);
        assertThat(text(onlyRecord(Topics.deadLetters(otherModel), unanswered), RecordHeaders.DEAD_LETTER_ERROR))
                .hasValueSatisfying(
                        why -> assertThat(why).contains("could not be delivered to topic penstock.replies"));

        broker.giveBack(AclOperation.WRITE, letters);
        broker.giveBack(AclOperation.WRITE, Topics.REPLIES);
        await().atMost(SOON).until(() -> records(letters).size() == 1);
        await().atMost(SOON).until(() -> !records(Topics.REPLIES, unanswered).isEmpty());
        assertThat(reply(onlyRecord(Topics.REPLIES, unanswered)).outcome()).isInstanceOf(Outcome.Succeeded.class);
    }

    @Test
    void aTopicOfDeadLettersThatWasDeletedIsMadeAgain() throws Exception {
        areTopicsOurs = true;
        Request request = rejectedAfterTheLettersWereDeleted();

        awaitSettled(request);
        assertThat(lost()).isZero();
        assertThat(onlyRecord(Topics.deadLetters(model), request).value()).isEqualTo(LONG);
        assertThat(text(onlyRecord(OTHERS, request), "status")).hasValue("failed");
    }

    @Test
    void aTopicOfDeadLettersThatIsGoneHoldsNoRecordBack() throws Exception {
        Request request = rejectedAfterTheLettersWereDeleted();

        awaitSettled(request);
        assertThat(lost()).isEqualTo(1);
        assertThat(text(onlyRecord(OTHERS, request), "status")).hasValue("failed");
    }

    /** The producer still takes the topic for there. */
    private Request rejectedAfterTheLettersWereDeleted() throws Exception {
        create(Topics.deadLetters(model), MAX_RECORD_BYTES);
        Request before = request(OTHERS, LONG);
        publisher.reject(before.accepted, Problem.of(Problem.Kind.INVALID_REQUEST, "not JSON"));
        awaitSettled(before);
        broker.admin().deleteTopics(List.of(Topics.deadLetters(model))).all().get();
        Request after = request(OTHERS, LONG);
        publisher.reject(after.accepted, Problem.of(Problem.Kind.INVALID_REQUEST, "not JSON"));
        return after;
    }

    @Test
    void anotherSystemsReplySaysWhichRequestItAnswersAndOursDoesNot() throws Exception {
        byte[] binary = {0, -1, (byte) 0x80, 4, -64, -2, -32, -15, -91, -91, -34, -83, -66, -17, -97, -110};
        Request theirs = request(OTHERS, binary, LONG);
        Request passedOn = request(OTHERS, LONG, RecordHeaders.SOURCE, "penstock.m.requests/1/2");
        Request ours = request(Topics.REPLIES, LONG);

        for (Request each : List.of(theirs, passedOn, ours)) {
            answer(each, succeeded(LONG));
        }

        awaitSettled(theirs, passedOn, ours);
        ConsumerRecord<byte[], byte[]> reply = onlyRecord(OTHERS, theirs);
        assertThat(text(reply, RecordHeaders.SOURCE)).hasValue("requests/3/7");
        assertThat(reply.key()).isEqualTo(binary);
        assertThat(text(onlyRecord(OTHERS, passedOn), RecordHeaders.SOURCE)).hasValue("penstock.m.requests/1/2");
        assertThat(text(onlyRecord(Topics.REPLIES, ours), RecordHeaders.SOURCE)).isEmpty();
    }

    private void answer(Request request, Outcome outcome) {
        publisher.send(request.accepted, outcome, Timings.NONE, seen::add);
    }

    private double waiting() {
        return meters.get("inference.deliveries.waiting").gauge().value();
    }

    private double lost() {
        return meters.get("inference.dead.letters.lost")
                .tag("model", model)
                .counter()
                .count();
    }

    private static Outcome succeeded(byte[] response) {
        return new Outcome.Succeeded(Payload.json(response));
    }

    private static void awaitSettled(Request... requests) {
        await().atMost(SOON).until(() -> Arrays.stream(requests).allMatch(Request::isSettled));
    }

    private static Request request(String replyTopic, byte[] value, String... headers) {
        return request(replyTopic, UUID.randomUUID().toString().getBytes(UTF_8), value, headers);
    }

    private static Request request(String replyTopic, byte[] id, byte[] value, String... headers) {
        return request(AcceptedRecords.ledger(), replyTopic, id, value, headers);
    }

    private static Request request(OffsetLedger ledger, String replyTopic, byte[] value) {
        return request(ledger, replyTopic, UUID.randomUUID().toString().getBytes(UTF_8), value);
    }

    private static Request request(OffsetLedger ledger, String replyTopic, byte[] id, byte[] value, String... headers) {
        AcceptedRecord accepted = ledger.open(new Source(CorrelationId.of(id), value, headers), Lane.INTERACTIVE, "1");
        accepted.replyTo(new ReplyAddress(replyTopic, Optional.empty()));
        return new Request(ledger, accepted);
    }

    private record Request(OffsetLedger ledger, AcceptedRecord accepted) {
        boolean isSettled() {
            return ledger.openRequests() == 0;
        }
    }

    private static Headers headers(String replyTopic) {
        Headers headers = new org.apache.kafka.common.header.internals.RecordHeaders();
        RecordHeaders.set(headers, RecordHeaders.REPLY_TOPIC, replyTopic);
        return headers;
    }

    private static void create(String topic, int maxMessageBytes) throws Exception {
        NewTopic made = new NewTopic(topic, 1, (short) 1)
                .configs(Map.of("max.message.bytes", Integer.toString(maxMessageBytes)));
        broker.admin().createTopics(List.of(made)).all().get();
    }

    private static Reply reply(ConsumerRecord<byte[], byte[]> record) throws Exception {
        return Reply.read(record.headers(), record.value());
    }

    private static Optional<String> text(ConsumerRecord<byte[], byte[]> record, String header) {
        return RecordHeaders.text(record.headers(), header);
    }

    private static ConsumerRecord<byte[], byte[]> onlyRecord(String topic, Request request) {
        List<ConsumerRecord<byte[], byte[]>> found = records(topic, request);
        assertThat(found).hasSize(1);
        return found.getFirst();
    }

    private static List<ConsumerRecord<byte[], byte[]>> records(String topic, Request request) {
        byte[] id = request.accepted.correlationId().bytes();
        return records(topic).stream()
                .filter(record -> RecordHeaders.bytes(record.headers(), RecordHeaders.CORRELATION_ID)
                        .filter(each -> Arrays.equals(each, id))
                        .isPresent())
                .toList();
    }

    private static List<ConsumerRecord<byte[], byte[]>> records(String topic) {
        TopicPartition partition = new TopicPartition(topic, 0);
        List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = kafka.follower(TopicContent.AT_ONCE)) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
            while (consumer.position(partition) < end) {
                consumer.poll(Duration.ofMillis(100)).forEach(all::add);
            }
        }
        return all;
    }

    /** A record of partition 3, at offset 7. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Source(CorrelationId correlationId, byte[] value, String... headers) implements SourceRecord {
        @Override
        public long timestampMillis() {
            return 0;
        }

        @Override
        public LogPartition partition() {
            return new LogPartition("requests", 3);
        }

        @Override
        public long offset() {
            return 7;
        }

        @Override
        public int bytes() {
            return value.length;
        }

        @Override
        public Optional<String> modelVersion() {
            return Optional.empty();
        }

        @Override
        public byte @Nullable [] key() {
            return null;
        }

        @Override
        public void forEachHeader(BiConsumer<String, byte[]> visitor) {
            visitor.accept(RecordHeaders.CORRELATION_ID, correlationId.bytes());
            for (int i = 0; i < headers.length; i += 2) {
                visitor.accept(headers[i], headers[i + 1].getBytes(UTF_8));
            }
        }
    }
}
