package dev.penstock.threads;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jboss.logging.MDC;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LimitedLogTest {
    private static final Logger LOG = Logger.getLogger(LimitedLogTest.class.getName());
    private static final LimitedLog.About REQUEST = new LimitedLog.About("digits", "id-1");

    private final List<String> lines = new ArrayList<>();
    private final List<String> fields = new ArrayList<>();
    private final List<Throwable> causes = new ArrayList<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord line) {
            lines.add(line.getLevel().getName() + " " + line.getMessage());
            fields.add(MDC.get("model") + " " + MDC.get("request"));
            if (line.getThrown() != null) {
                causes.add(line.getThrown());
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };
    private long now;
    private final LimitedLog log = new LimitedLog(org.jboss.logging.Logger.getLogger(LimitedLogTest.class), () -> now);

    @BeforeEach
    void listen() {
        LOG.addHandler(handler);
    }

    @AfterEach
    void close() {
        LOG.removeHandler(handler);
    }

    @Test
    void aLineAboutARequestNamesItsModelAndIdInTheTextAndAsFields() {
        log.warn(REQUEST, "could not be passed on: %d", 3);

        assertThat(lines.getFirst()).endsWith(" Model digits, request id-1: could not be passed on: 3");
        assertThat(fields).containsExactly("digits id-1");
        assertThat(MDC.get("request")).isNull();
    }

    @Test
    void writesTenLinesAMinuteAndCountsTheRest() {
        for (int line = 0; line < 1000; line++) {
            log.warn("line %d", line);
        }
        assertThat(lines).hasSize(LimitedLog.LINES_PER_MINUTE);

        now = TimeUnit.MINUTES.toNanos(1);
        log.warn("a minute later");
        log.warn("and again");

        assertThat(lines.get(10)).endsWith(" a minute later (990 lines like this one were left out before it)");
        assertThat(lines.get(11)).endsWith(" and again");
    }

    @Test
    void aStrangersIdIsOneShortLine() {
        log.warn(new LimitedLog.About("digits", "a\nb\u2028" + "c".repeat(5000)), "text");

        assertThat(lines.getFirst()).contains("request a?b?ccc").hasSizeLessThan(200);
    }

    @Test
    void aBugIsLoggedWithoutItsMessageWhichMayQuoteTheRequest() {
        RuntimeException bug = new IllegalStateException("outer secret", new NumberFormatException("inner secret"));

        log.bug(bug, "A call failed because of a bug");

        java.io.StringWriter trace = new java.io.StringWriter();
        causes.getFirst().printStackTrace(new java.io.PrintWriter(trace));
        assertThat(trace.toString())
                .startsWith("java.lang.IllegalStateException")
                .contains("Caused by: java.lang.NumberFormatException", "LimitedLogTest.java")
                .doesNotContain("secret");
    }
}
