package dev.penstock.threads;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/** The faults of one role. Its liveness is down from the first one on: only a restart helps. Thread-safe. */
public final class Faults implements Consumer<Fault> {
    private static final Logger LOG = Logger.getLogger(Faults.class);

    private final String role;
    private final AtomicReference<Fault> first = new AtomicReference<>();

    /** @param role names the role in the log */
    public Faults(String role) {
        this.role = role;
    }

    @Override
    public void accept(Fault fault) {
        first.compareAndSet(null, fault);
        LOG.errorf(
                fault.cause(),
                "Thread %s failed and has ended. %s Liveness of the %s is down until this process restarts. Cause: %s",
                fault.thread(),
                fault.consequence(),
                role,
                fault.cause());
    }

    public boolean isEmpty() {
        return first.get() == null;
    }

    public Optional<Fault> first() {
        return Optional.ofNullable(first.get());
    }
}
