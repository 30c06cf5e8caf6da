package dev.penstock.fuzz;

import dev.penstock.messages.Announcement;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Reply;
import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.codec.NoJsonFormException;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.ResponseReader;
import dev.penstock.protocol.codec.ResponseWriter;
import java.io.IOException;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** Feeds the readers of what comes back: replies, the responses and problems in them, announcements. The input is one of {@link Records}. */
public final class ReplyFuzz {
    private static final int FACTOR = 256;
    private static final ResponseReader READER = new ResponseReader(new ReaderLimits(1 << 20, 8, 1 << 16, 8, 1 << 12));
    private static final ResponseReader LENIENT_READER =
            new ResponseReader(new ReaderLimits(1 << 26, 8, 1 << 16, 8, 1 << 20));

    private ReplyFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        ConsumerRecord<byte[], byte[]> record = Records.read(input);
        try {
            Reply reply = Allocation.bounded(input.length, FACTOR, () -> Reply.read(record.headers(), record.value()));
            checkSettles(reply);
            if (reply.outcome() instanceof Outcome.Succeeded succeeded) {
                checkResponse(succeeded.response());
            }
        } catch (InvalidRequestException expected) {
            Requests.checkCanBeTold(expected);
        } catch (IOException noResponse) {
            // as it must be
        }
        if (record.value() != null) {
            checkAnnouncement(record.value());
        }
    }

    /** What is written reads the same; not what was read, since times are rounded. */
    private static void checkSettles(Reply reply) throws InvalidRequestException {
        Reply once = again(reply);
        if (!again(once).equals(once)) {
            throw new AssertionError(once + " reads as " + again(once));
        }
    }

    private static Reply again(Reply reply) throws InvalidRequestException {
        RecordHeaders headers = new RecordHeaders();
        reply.writeHeaders(headers);
        try {
            return Reply.read(headers, reply.value());
        } catch (InvalidRequestException refused) {
            throw new AssertionError("what was written is refused: " + reply, refused);
        }
    }

    private static void checkResponse(Payload payload) throws IOException {
        InferenceResponse response =
                Allocation.bounded(payload.bytes().remaining(), FACTOR, () -> READER.read(payload));
        checkReadsAgain(response, name -> true);
        checkReadsAgain(response, name -> false);
    }

    private static void checkReadsAgain(InferenceResponse response, Predicate<String> binary) {
        try {
            InferenceResponse again = LENIENT_READER.read(ResponseWriter.write(response, binary));
            if (!again.equals(response)) {
                throw new AssertionError(response + " reads as " + again);
            }
        } catch (NoJsonFormException notInJson) {
            if (!response.outputs().isEmpty() && binary.test("")) {
                throw new AssertionError("the binary form holds everything", notInJson);
            }
        } catch (IOException refused) {
            throw new AssertionError("what was written is refused", refused);
        }
    }

    private static void checkAnnouncement(byte[] json) {
        try {
            Announcement announcement = Allocation.bounded(json.length, FACTOR, () -> Announcement.read(json));
            if (!Announcement.read(announcement.toJson()).equals(announcement)) {
                throw new AssertionError(announcement + " reads differently");
            }
        } catch (IOException none) {
            // as it must be
        }
    }
}
