package dev.penstock.messages;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * The trace context of a request, as its headers carry it over HTTP and on topics: the W3C's, which Penstock continues, and Zipkin's, which
 * it passes on.
 *
 * @param parent the {@code traceparent}
 * @param state the {@code tracestate}: entries of tracing systems, passed on as they came; empty without a parent
 * @param b3 Zipkin's headers ({@link #B3_NAMES}) as they came, by name
 */
public record TraceContext(Optional<String> parent, Optional<String> state, Map<String, String> b3) {
    /** Zipkin's headers: one that says all, or one for each part. */
    public static final Set<String> B3_NAMES =
            Set.of("b3", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags");

    public static final TraceContext NONE = new TraceContext(Optional.empty(), Optional.empty(), Map.of());

    /** The W3C asks for at least as many. A longer state is dropped, since it would travel with the record and with its reply. */
    private static final int MAX_STATE_CHARS = 512;

    private static final Pattern PARENT =
            Pattern.compile("(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");
    private static final Pattern STATE = Pattern.compile("[\\x20-\\x7e]{1," + MAX_STATE_CHARS + "}");
    private static final Pattern B3 = Pattern.compile("[0-9A-Za-z-]{1,80}");

    /** A context without Zipkin's headers. */
    public TraceContext(Optional<String> parent, Optional<String> state) {
        this(parent, state, Map.of());
    }

    /**
     * Reads header values. A parent that does not have the W3C's form is ignored, and the state with it.
     *
     * @param states the values of all {@code tracestate} headers, in their order
     */
    public static TraceContext of(@Nullable String parent, List<String> states) {
        if (parent == null || !PARENT.matcher(parent).matches()) {
            return NONE;
        }
        String state = String.join(",", states);
        return new TraceContext(
                Optional.of(parent),
                Optional.of(state).filter(given -> STATE.matcher(given).matches()));
    }

    public static TraceContext read(Headers headers) {
        Map<String, String> zipkins = new TreeMap<>();
        for (Header header : headers) {
            if (isB3(header.key())) {
                RecordHeaders.text(headers, header.key())
                        .ifPresent(value -> zipkins.put(header.key().toLowerCase(Locale.ROOT), value));
            }
        }
        return of(
                        RecordHeaders.text(headers, RecordHeaders.TRACEPARENT).orElse(null),
                        RecordHeaders.text(headers, RecordHeaders.TRACESTATE).stream()
                                .toList())
                .with(zipkins);
    }

    /** The same with Zipkin's headers, of which those that do not have their form are ignored. */
    public TraceContext with(Map<String, String> zipkins) {
        if (zipkins.isEmpty()) {
            return this;
        }
        Map<String, String> valid = new TreeMap<>(zipkins);
        valid.values().removeIf(value -> !B3.matcher(value).matches());
        return new TraceContext(parent, state, valid);
    }

    public void write(Headers headers) {
        parent.ifPresent(given -> RecordHeaders.set(headers, RecordHeaders.TRACEPARENT, given));
        state.ifPresent(given -> RecordHeaders.set(headers, RecordHeaders.TRACESTATE, given));
        b3.forEach((name, value) -> RecordHeaders.set(headers, name, value));
    }

    /** Whether a header with this name is one of the W3C's, whatever its case. */
    public static boolean isW3c(String name) {
        return name.equalsIgnoreCase(RecordHeaders.TRACEPARENT) || name.equalsIgnoreCase(RecordHeaders.TRACESTATE);
    }

    /** Whether a header with this name is one of Zipkin's, whatever its case. */
    public static boolean isB3(String name) {
        return B3_NAMES.contains(name.toLowerCase(Locale.ROOT));
    }

    /** Whether whoever began the trace decided not to record it. */
    public boolean isUnsampled() {
        return parent.isPresent()
                && (Character.digit(parent.get().charAt(parent.get().length() - 1), 16) & 1) == 0;
    }
}
