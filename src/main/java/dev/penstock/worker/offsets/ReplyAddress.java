package dev.penstock.worker.offsets;

import java.util.Optional;

/** Where a reply goes. */
public record ReplyAddress(String topic, Optional<Integer> partition) {}
