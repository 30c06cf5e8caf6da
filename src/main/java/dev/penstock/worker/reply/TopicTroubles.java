package dev.penstock.worker.reply;

import dev.penstock.threads.TroubleLog;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.jboss.logging.Logger;

/**
 * The topics that could not be written to lately: since when, and one warning a minute for each. Bounded: beyond 1,000 topics the one
 * whose trouble is oldest is forgotten. Thread-safe.
 */
final class TopicTroubles {
    private static final Logger LOG = Logger.getLogger(TopicTroubles.class);
    private static final int MAX_TOPICS = 1000;

    private final Map<String, Trouble> troubles = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Trouble> eldest) {
            return size() > MAX_TOPICS;
        }
    };

    /** So that success, which is the rule, takes no lock. */
    private volatile boolean isEmpty = true;

    private record Trouble(long sinceNanos, TroubleLog log) {}

    /** @param consequence what happens next, for the log */
    void failed(String topic, String consequence, Exception reason, long nowNanos) {
        Trouble trouble;
        synchronized (troubles) {
            trouble = troubles.computeIfAbsent(
                    topic, none -> new Trouble(nowNanos, new TroubleLog(LOG, "Writing to topic " + topic)));
            isEmpty = false;
        }
        trouble.log.failed(consequence, reason);
    }

    void succeeded(String topic) {
        if (isEmpty) {
            return;
        }
        Trouble over;
        synchronized (troubles) {
            over = troubles.remove(topic);
            isEmpty = troubles.isEmpty();
        }
        if (over != null) {
            over.log.succeeded();
        }
    }

    /** Empty while the topic takes what is sent. */
    OptionalLong sinceNanos(String topic) {
        if (isEmpty) {
            return OptionalLong.empty();
        }
        synchronized (troubles) {
            Trouble trouble = troubles.get(topic);
            return trouble == null ? OptionalLong.empty() : OptionalLong.of(trouble.sinceNanos);
        }
    }
}
