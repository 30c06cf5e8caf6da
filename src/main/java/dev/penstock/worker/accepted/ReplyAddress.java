package dev.penstock.worker.accepted;

import dev.penstock.messages.Topics;
import java.util.Optional;

/** The topic that a reply goes to, and the partition if the request names one. */
public record ReplyAddress(String topic, Optional<Integer> partition) {

    /** Whether ingresses read the topic, where the first reply with an id is its outcome. Otherwise another system does. */
    public boolean isOurs() {
        return Topics.isOurReplyTopic(topic);
    }

    /** Whether a synchronous call waits for the reply. */
    public boolean isOfAWaitingCall() {
        return topic.equals(Topics.REPLIES);
    }
}
