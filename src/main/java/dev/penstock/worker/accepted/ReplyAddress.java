package dev.penstock.worker.accepted;

import java.util.Optional;

/** The topic that a reply goes to, and the partition if the request names one. */
public record ReplyAddress(String topic, Optional<Integer> partition) {}
