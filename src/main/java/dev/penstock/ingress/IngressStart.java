package dev.penstock.ingress;

import java.util.Optional;

/** The start of the ingress, which takes as long as what it needs is missing. HTTP answers from the first moment. Thread-safe. */
@FunctionalInterface
public interface IngressStart {
    /** What the start waits for; empty once calls are taken. */
    Optional<String> waitsFor();
}
