package dev.penstock.worker.reply;

import dev.penstock.messages.AnswerTooLarge;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Reply;
import dev.penstock.messages.Timings;
import dev.penstock.messages.TraceContext;
import dev.penstock.protocol.Problem;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.ReplyAddress;
import dev.penstock.worker.accepted.SourceRecord;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;

/**
 * A reply: complete; then with a short reason and no headers of the sender's but its id; then with what no reply can do without. A
 * response that is too large becomes {@code failed}. Any other outcome stays what it is.
 */
final class ReplyForms implements Forms {
    private static final int BRIEF_CHARS = 500;

    /** The last form fits in a topic that takes 400 bytes. */
    private static final int LEAST_CHARS = 32;

    private static final String FAILED = "failed";

    private final AcceptedRecord record;
    private final ReplyAddress address;
    private final Reply reply;

    ReplyForms(AcceptedRecord record, ReplyAddress address, String model, Outcome outcome, Timings timings) {
        this.record = record;
        this.address = address;
        this.reply = new Reply(record.correlationId(), model, record.modelVersion(), outcome, timings);
    }

    @Override
    public String topic() {
        return address.topic();
    }

    @Override
    public Optional<ProducerRecord<byte[], byte[]>> form(int number) {
        return switch (number) {
            case 0 -> Optional.of(complete());
            case 1 -> Optional.of(brief());
            case 2 -> Optional.of(least());
            default -> Optional.empty();
        };
    }

    /** The status that the receiver of that form sees. */
    String status(int number) {
        return number > 0 && reply.outcome() instanceof Outcome.Succeeded
                ? FAILED
                : reply.outcome().status();
    }

    private ProducerRecord<byte[], byte[]> complete() {
        return record(reply.value(), headers -> {
            reply.writeHeaders(headers);
            echo(record.source(), headers);
            event(reply, headers);
            source(headers);
        });
    }

    private ProducerRecord<byte[], byte[]> brief() {
        Reply brief = with(
                reply.outcome() instanceof Outcome.Succeeded succeeded
                        ? new Outcome.Failed(tooLarge("the reply has " + size(complete()) + " bytes, more than topic "
                                + topic() + " takes (max.message.bytes); "
                                + AnswerTooLarge.advice(
                                        succeeded.response().jsonLength().isEmpty())))
                        : reply.outcome(),
                BRIEF_CHARS);
        return record(brief.value(), headers -> {
            brief.writeHeaders(headers);
            event(brief, headers);
            source(headers);
        });
    }

    private ProducerRecord<byte[], byte[]> least() {
        Reply least = with(
                reply.outcome() instanceof Outcome.Succeeded
                        ? new Outcome.Failed(tooLarge("too large for its topic"))
                        : reply.outcome(),
                LEAST_CHARS);
        byte[] value = least.outcome() instanceof Outcome.Failed ? least.value() : new byte[0];
        return record(value, headers -> {
            least.writeIdentity(headers);
            source(headers);
        });
    }

    private static Problem tooLarge(String detail) {
        return Problem.of(Problem.Kind.PAYLOAD_TOO_LARGE, detail);
    }

    /** @param maxChars of the reason, if the outcome has one */
    private Reply with(Outcome outcome, int maxChars) {
        Outcome shortened = outcome instanceof Outcome.Failed(Problem problem)
                ? new Outcome.Failed(new Problem(
                        problem.type(),
                        problem.title(),
                        problem.status(),
                        Texts.atMost(maxChars, problem.detail()),
                        Map.of()))
                : outcome;
        return new Reply(reply.correlationId(), reply.model(), reply.modelVersion(), shortened, reply.timings());
    }

    private ProducerRecord<byte[], byte[]> record(byte[] value, Consumer<Headers> writeHeaders) {
        byte[] key =
                address.partition().isPresent() ? null : reply.correlationId().bytes();
        ProducerRecord<byte[], byte[]> written =
                new ProducerRecord<>(topic(), address.partition().orElse(null), key, value);
        writeHeaders.accept(written.headers());
        return written;
    }

    private static long size(ProducerRecord<byte[], byte[]> record) {
        long bytes = record.value().length;
        bytes += record.key() == null ? 0 : record.key().length;
        for (var header : record.headers()) {
            bytes += header.key().length() + (header.value() == null ? 0 : header.value().length);
        }
        return bytes;
    }

    /**
     * Copies the tracing headers of the request. Where the request is traced here, the reply continues its trace.
     */
    private static void echo(SourceRecord from, Headers to) {
        Optional<TraceContext> traced = from.trace().replyContext();
        from.forEachHeader((name, value) -> {
            if (TraceContext.isB3(name) || (traced.isEmpty() && TraceContext.isW3c(name))) {
                to.add(name, value);
            }
        });
        traced.ifPresent(context -> context.write(to));
    }

    /** A reply to an event is an event. */
    private void event(Reply form, Headers headers) {
        if (!address.isOurs()) {
            ReplyEvent.to(record.source()).ifPresent(event -> event.write(form, headers));
        }
    }

    /**
     * Names the request that this answers, so that a worker that gets the same request again finds the answer. Repeats the id under the name
     * that the sender gave it: clients such as Spring look for it there.
     */
    private void source(Headers headers) {
        if (address.isOurs()) {
            return; // there the id is enough
        }
        SourceRecord request = record.source();
        request.forEachHeader((name, value) -> {
            if (name.equals(RecordHeaders.SOURCE)) {
                headers.remove(RecordHeaders.SOURCE).add(name, value);
            } else if (RecordHeaders.isCorrelationId(name) && !name.equals(RecordHeaders.CORRELATION_ID)) {
                headers.add(name, value);
            }
        });
        if (headers.lastHeader(RecordHeaders.SOURCE) == null) {
            RecordHeaders.set(headers, RecordHeaders.SOURCE, request.address());
        }
    }
}
