package dev.penstock.worker;

import java.util.Optional;

/** Where a reply goes. */
record ReplyAddress(String topic, Optional<Integer> partition) {}
