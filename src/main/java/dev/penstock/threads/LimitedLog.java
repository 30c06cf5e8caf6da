package dev.penstock.threads;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;
import org.jboss.logging.MDC;
import org.jspecify.annotations.Nullable;

/**
 * Writes lines that whoever sends requests or records can cause: at most ten a minute, so that nobody can fill the disk with them. The next
 * line says how many were left out. A line never quotes what was sent. Thread-safe.
 */
public final class LimitedLog {
    static final int LINES_PER_MINUTE = 10;

    private static final long MINUTE_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final int MAX_CHARS = 100;

    private final Logger log;
    private final LongSupplier nanoClock;
    private boolean hasBegun;
    private long sinceNanos;
    private int written;
    private long leftOut;

    public LimitedLog(Logger log) {
        this(log, System::nanoTime);
    }

    LimitedLog(Logger log, LongSupplier nanoClock) {
        this.log = log;
        this.nanoClock = nanoClock;
    }

    /** The request that a line is about. In JSON its parts are the fields {@code model} and {@code request} of {@code mdc}. */
    public record About(String model, String request) {
        /** Other systems choose their ids, of any length. */
        public About {
            model = shown(model);
            request = shown(request);
        }

        private static String shown(String text) {
            String shown = text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS) + "…";
            return shown.replaceAll("[\\p{Cntrl}\\u2028\\u2029]", "?");
        }
    }

    /** @param format and values as for {@link String#format}; no values that were sent */
    public void warn(String format, Object... values) {
        write(Logger.Level.WARN, null, null, format, values);
    }

    public void warn(About request, String format, Object... values) {
        write(Logger.Level.WARN, request, null, format, values);
    }

    public void error(About request, String format, Object... values) {
        write(Logger.Level.ERROR, request, null, format, values);
    }

    public void info(About request, String format, Object... values) {
        write(Logger.Level.INFO, request, null, format, values);
    }

    /** A bug, with its stack trace and without its message, which may quote what was sent. */
    public void bug(Throwable bug, String format, Object... values) {
        write(Logger.Level.ERROR, null, Unquoted.of(bug), format, values);
    }

    @SuppressWarnings("AnnotateFormatMethod") // the annotation is Error Prone's, which is no dependency of the service
    private void write(
            Logger.Level level, @Nullable About request, @Nullable Throwable cause, String format, Object... values) {
        long before = leftOutBefore();
        if (before < 0) {
            return;
        }
        String text = String.format(Locale.ROOT, format, values)
                + (before == 0 ? "" : " (" + before + " lines like this one were left out before it)");
        if (request == null) {
            log.log(level, text, cause);
            return;
        }
        MDC.put("model", request.model);
        MDC.put("request", request.request);
        try {
            log.log(level, "Model " + request.model + ", request " + request.request + ": " + text, cause);
        } finally {
            MDC.remove("model");
            MDC.remove("request");
        }
    }

    /** How many lines were left out since the last one; negative when this one has to be left out, too. */
    private synchronized long leftOutBefore() {
        long now = nanoClock.getAsLong();
        if (!hasBegun || now - sinceNanos >= MINUTE_NANOS) {
            hasBegun = true;
            sinceNanos = now;
            written = 0;
        }
        if (written == LINES_PER_MINUTE) {
            leftOut++;
            return -1;
        }
        written++;
        long before = leftOut;
        leftOut = 0;
        return before;
    }
}
