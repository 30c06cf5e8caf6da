package dev.penstock.threads;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/**
 * Limits a warning that repeats: one when the trouble begins, one per minute while it lasts, one line when it ends. Trouble that ends
 * within the grace period is logged at debug level only, and so is trouble that comes back within the minute of its last warning.
 * Thread-safe.
 */
public final class TroubleLog {
    /** The grace period of trouble of which the log tells already, such as the absence of all brokers. */
    public static final long KNOWN_GRACE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private static final long REPEAT_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final Logger log;
    private final String subject;
    private final long graceNanos;
    private final LongSupplier nanoClock;
    private boolean lasts;
    private boolean warned;
    private long sinceNanos;
    private boolean everWarned;
    private long warnedNanos;

    /** @param subject begins each line, such as a thread's name */
    public TroubleLog(Logger log, String subject) {
        this(log, subject, 0);
    }

    /** @param graceNanos trouble shorter than this is not worth a warning */
    public TroubleLog(Logger log, String subject, long graceNanos) {
        this(log, subject, graceNanos, System::nanoTime);
    }

    /** @param nanoClock what is meant by a minute, such as that of a simulation */
    public TroubleLog(Logger log, String subject, long graceNanos, LongSupplier nanoClock) {
        this.log = log;
        this.subject = subject;
        this.graceNanos = graceNanos;
        this.nanoClock = nanoClock;
    }

    /** @param message what failed and what happens next; the cause is appended */
    public synchronized void failed(String message, Throwable cause) {
        long now = nanoClock.getAsLong();
        if (!lasts) {
            lasts = true;
            warned = false;
            sinceNanos = now;
        }
        boolean isQuiet = everWarned && now - warnedNanos < REPEAT_NANOS;
        if (!isQuiet && (warned || now - sinceNanos >= graceNanos)) {
            warned = true;
            everWarned = true;
            warnedNanos = now;
            log.warnf("%s: %s. Cause: %s", subject, message, cause);
        }
        log.debugf(cause, "%s: %s", subject, message);
    }

    /** The work succeeds again; cheap when there was no trouble. */
    public synchronized void succeeded() {
        if (lasts) {
            lasts = false;
            if (warned) {
                log.infof("%s: works again after %d s", subject, (nanoClock.getAsLong() - sinceNanos) / 1_000_000_000);
            }
        }
    }
}
