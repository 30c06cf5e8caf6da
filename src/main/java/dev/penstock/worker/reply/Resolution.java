package dev.penstock.worker.reply;

import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.worker.accepted.ReplyAddress;
import java.util.Optional;

/** The answer to where a request's reply goes. */
public sealed interface Resolution {
    /** @param address empty when the request names none */
    record To(Optional<ReplyAddress> address) implements Resolution {}

    /** The reply is there already: an earlier owner of the record has sent it. */
    record Answered() implements Resolution {}

    /** No reply may be sent to where the request names. */
    record Rejected(InvalidRequestException reason) implements Resolution {}
}
