package dev.penstock.fuzz;

import dev.penstock.messages.Announcement;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Reply;
import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.codec.NoJsonFormException;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.ResponseReader;
import dev.penstock.protocol.codec.ResponseWriter;
import java.io.IOException;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** Fuzzes the readers of replies, with their responses and problems, and of announcements. The input has the format of {@link RecordInput}. */
public final class ReplyFuzz {
    private static final int FACTOR = 256;
    private static final ResponseReader READER = new ResponseReader(new ReaderLimits(1 << 20, 8, 1 << 16, 8, 1 << 12));
    private static final ResponseReader LENIENT_READER =
            new ResponseReader(new ReaderLimits(1 << 26, 8, 1 << 16, 8, 1 << 20));

    private ReplyFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        ConsumerRecord<byte[], byte[]> record = RecordInput.read(input);
        try {
            Reply reply = Allocation.bounded(input.length, FACTOR, () -> Reply.read(record.headers(), record.value()));
            checkSettles(reply);
            if (reply.outcome() instanceof Outcome.Succeeded succeeded) {
                checkResponse(succeeded.response());
            }
        } catch (InvalidRequestException expected) {
            RequestProperties.checkProblem(expected);
        } catch (IOException noResponse) {
            // Expected.
        }
        if (record.value() != null) {
            checkAnnouncement(record.value());
        }
    }

    /** A reply that was written once reads back equal. The first write may differ, because it rounds times. */
    private static void checkSettles(Reply reply) throws InvalidRequestException {
        Reply once = again(reply);
        if (!again(once).equals(once)) {
            throw new AssertionError(once + " reads back as " + again(once));
        }
    }

    private static Reply again(Reply reply) throws InvalidRequestException {
        RecordHeaders headers = new RecordHeaders();
        reply.writeHeaders(headers);
        try {
            return Reply.read(headers, reply.value());
        } catch (InvalidRequestException refused) {
            throw new AssertionError("a written reply was rejected: " + reply, refused);
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
            InferenceResponse again = LENIENT_READER.read(ResponseWriter.write(response, binary, NonFinite.TEXT));
            if (!OneNaN.in(again).equals(OneNaN.in(response))) {
                throw new AssertionError(response + " reads back as " + again);
            }
        } catch (NoJsonFormException notInJson) {
            if (!response.outputs().isEmpty() && binary.test("")) {
                throw new AssertionError("the binary form must represent every tensor", notInJson);
            }
        } catch (IOException refused) {
            throw new AssertionError("a written response was rejected", refused);
        }
    }

    private static void checkAnnouncement(byte[] json) {
        try {
            Announcement announcement = Allocation.bounded(json.length, FACTOR, () -> Announcement.read(json));
            if (!Announcement.read(announcement.toJson()).equals(announcement)) {
                throw new AssertionError(announcement + " reads back differently");
            }
        } catch (IOException none) {
            // Expected.
        }
    }
}
