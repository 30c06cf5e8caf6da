package dev.penstock.worker.accepted;

import dev.penstock.messages.Topics;
import java.util.Optional;

/** The topic that a reply goes to, and the partition if the request names one. */
public record ReplyAddress(String topic, Optional<Integer> partition) {

    /** Whether the topic is another system's. On our own topics readers keep the first reply to a request. */
    public boolean isAnotherSystems() {
        return !topic.equals(Topics.REPLIES) && !topic.equals(Topics.RESULTS);
    }
}
