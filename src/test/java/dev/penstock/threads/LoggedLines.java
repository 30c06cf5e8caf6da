package dev.penstock.threads;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What a class logs, at INFO and above, until this is closed. */
public final class LoggedLines implements AutoCloseable {
    private final Logger logger;
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord entry) {
            if (entry.getLevel().intValue() >= Level.INFO.intValue()) {
                Object[] parameters = entry.getParameters();
                lines.add(parameters == null ? entry.getMessage() : String.format(entry.getMessage(), parameters));
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    private LoggedLines(Logger logger) {
        this.logger = logger;
        logger.addHandler(handler);
    }

    public static LoggedLines of(Class<?> logs) {
        return new LoggedLines(Logger.getLogger(logs.getName()));
    }

    public List<String> lines() {
        return lines;
    }

    public String text() {
        return String.join("\n", lines);
    }

    @Override
    public void close() {
        logger.removeHandler(handler);
    }
}
