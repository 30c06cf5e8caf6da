package dev.penstock.messages;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * The W3C Trace Context of a request, as its headers carry it over HTTP and on topics.
 *
 * @param parent the {@code traceparent}
 * @param state the {@code tracestate}: entries of tracing systems, passed on as they came; empty without a parent
 */
public record TraceContext(Optional<String> parent, Optional<String> state) {
    public static final TraceContext NONE = new TraceContext(Optional.empty(), Optional.empty());

    /** The W3C asks for at least as many. A longer state is dropped, since it would travel with the record and with its reply. */
    private static final int MAX_STATE_CHARS = 512;

    private static final Pattern PARENT =
            Pattern.compile("(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");
    private static final Pattern STATE = Pattern.compile("[\\x20-\\x7e]{1," + MAX_STATE_CHARS + "}");

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
        Header parent = headers.lastHeader(RecordHeaders.TRACEPARENT);
        return parent == null
                ? NONE
                : of(
                        RecordHeaders.text(headers, RecordHeaders.TRACEPARENT).orElse(null),
                        RecordHeaders.text(headers, RecordHeaders.TRACESTATE).stream()
                                .toList());
    }

    public void write(Headers headers) {
        parent.ifPresent(given -> RecordHeaders.set(headers, RecordHeaders.TRACEPARENT, given));
        state.ifPresent(given -> RecordHeaders.set(headers, RecordHeaders.TRACESTATE, given));
    }

    /** Whether whoever began the trace decided not to record it. */
    public boolean isUnsampled() {
        return parent.isPresent()
                && (Character.digit(parent.get().charAt(parent.get().length() - 1), 16) & 1) == 0;
    }
}
