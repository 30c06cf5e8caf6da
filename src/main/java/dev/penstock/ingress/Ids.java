package dev.penstock.ingress;

import dev.penstock.protocol.RequestId;
import dev.penstock.protocol.RequestIds;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** Issues this ingress's request ids and tells its own from others'. Thread-safe. */
final class Ids {
    private final RequestIds signed;
    private final int instance = new SecureRandom().nextInt();
    private final AtomicInteger sequence = new AtomicInteger();

    Ids(byte[] key) {
        this.signed = new RequestIds(key);
    }

    RequestId issue(Duration timeout) {
        return signed.issue(System.currentTimeMillis(), timeout.toMillis(), 0, instance, sequence.getAndIncrement());
    }

    /** The id, if an ingress with our key issued it. */
    Optional<RequestId> verify(String text) {
        return signed.verify(text);
    }

    boolean isOurs(String text) {
        return signed.verify(text).filter(id -> id.instance() == instance).isPresent();
    }

    /** One of {@code partitions}, for this instance's replies. */
    int partitionOf(int partitions) {
        return Math.floorMod(instance, partitions);
    }
}
