package dev.penstock.threads;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TroubleLogTest {
    private static final Logger LOG = Logger.getLogger(TroubleLogTest.class.getName());
    private final Exception cause = new IllegalStateException("gone");

    private final Lines lines = new Lines();
    private long now;
    private final TroubleLog log = new TroubleLog(
            org.jboss.logging.Logger.getLogger(TroubleLogTest.class), "t", TimeUnit.SECONDS.toNanos(1), () -> now);

    @BeforeEach
    void listen() {
        LOG.addHandler(lines);
    }

    @AfterEach
    void close() {
        LOG.removeHandler(lines);
    }

    @Test
    void aTroubleThatPassesSoonIsNotWorthALine() {
        log.failed("trying again", cause);
        log.succeeded();
        assertThat(lines.messages).isEmpty();
    }

    @Test
    void aTroubleThatLastsIsLoggedWhenItBeginsOnceAMinuteAndWhenItEnds() {
        for (int second = 0; second <= 90; second++) {
            now = TimeUnit.SECONDS.toNanos(second);
            log.failed("trying again", cause);
        }
        log.succeeded();
        log.succeeded();
        String line = "WARN t: trying again. Cause: java.lang.IllegalStateException: gone";
        assertThat(lines.messages).containsExactly(line, line, "INFO t: works again after 90 s");
    }

    private static final class Lines extends Handler {
        final List<String> messages = new ArrayList<>();

        @Override
        public void publish(LogRecord record) {
            if (record.getLevel().intValue() >= Level.INFO.intValue()) {
                messages.add(record.getLevel().getName().replace("WARNING", "WARN") + " "
                        + String.format(record.getMessage(), record.getParameters()));
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
