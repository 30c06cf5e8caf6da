package dev.penstock.ingress.warmup;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Reply;
import dev.penstock.messages.Topics;
import dev.penstock.tenants.Tenant;
import java.time.Duration;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

class WarmUpAnswersTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final RequestIdIssuer ids = new RequestIdIssuer("a key of all ingresses".getBytes(UTF_8), () -> 1);
    private final Tenant own = new WarmUpPass().tenant();
    private final WarmUpAnswers answers = new WarmUpAnswers(ids, own);

    @Test
    void answersACallWhereItsCallerWaits() throws Exception {
        String id = ids.issueToCaller(own, TIMEOUT).toString();
        ConsumerRecord<byte[], byte[]> request = request(id, Topics.REPLIES);
        RecordHeaders.set(request.headers(), RecordHeaders.REPLY_PARTITION, "3");

        ProducerRecord<byte[], byte[]> answer = answers.answer(request).orElseThrow();

        assertThat(answer.topic()).isEqualTo(Topics.REPLIES);
        assertThat(answer.partition()).isEqualTo(3);
        Reply reply = Reply.read(answer.headers(), answer.value());
        assertThat(reply.correlationId().toString()).isEqualTo(id);
        assertThat(reply.outcome()).isInstanceOf(Outcome.Succeeded.class);
    }

    /** All ingresses that warm up share the topic, and sign their ids with one key. */
    @Test
    void leavesTheCallsOfOthersToThem() throws Exception {
        Tenant ofAnother = new WarmUpPass().tenant();

        assertThat(answers.answer(request(ids.issue(ofAnother, TIMEOUT).toString(), Topics.RESULTS)))
                .isEmpty();
        assertThat(answers.answer(request("made up", Topics.RESULTS))).isEmpty();
    }

    private static ConsumerRecord<byte[], byte[]> request(String id, String replyTopic) {
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("requests", 0, 0, null, new byte[0]);
        RecordHeaders.set(record.headers(), RecordHeaders.CORRELATION_ID, id);
        RecordHeaders.set(record.headers(), RecordHeaders.REPLY_TOPIC, replyTopic);
        return record;
    }
}
