package dev.penstock.worker.intake;

import dev.penstock.kafka.Absence;
import dev.penstock.messages.Topics;
import dev.penstock.threads.Time;
import dev.penstock.threads.TroubleLog;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.errors.ApiException;
import org.jboss.logging.Logger;

/**
 * Polls a model's consumer, and goes on when the broker does not answer or refuses: a topic can come back, and a right can be granted.
 * After a refusal it waits, at most a second. A refusal is logged at once; an answer that is only late, as from a broker that has just
 * started, once that lasts for five seconds. Confined to the consumer's thread.
 */
final class Polling {
    private static final Logger LOG = Logger.getLogger(Polling.class);
    private static final long FIRST_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long LAST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Polls that return nothing succeed between those that are refused. So it works again once no poll fails for this long. */
    private static final long WORKS_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Consumer<byte[], byte[]> consumer;
    private final Time time;
    private final String reading;
    private final TroubleLog refusals;
    private final TroubleLog absences;
    private long waitNanos;
    private long failedNanos;

    Polling(String model, Consumer<byte[], byte[]> consumer, Time time) {
        this.consumer = consumer;
        this.time = time;
        this.reading = "reading " + String.join(" and ", Topics.requests(model)) + " as group "
                + Topics.workerGroup(model) + " failed and is tried again";
        this.refusals = new TroubleLog(LOG, "Intake of model " + model, 0, time::nanos);
        this.absences = new TroubleLog(LOG, "Intake of model " + model, WORKS_AGAIN_NANOS, time::nanos);
    }

    /** Returns nothing when the broker does not answer. Only the poll is tried again: a record that was polled has to be taken. */
    ConsumerRecords<byte[], byte[]> poll(Duration wait) {
        long now = time.nanos();
        if (waitNanos > 0 && now - failedNanos < waitNanos) {
            time.park(this, Math.min(wait.toNanos(), waitNanos - (now - failedNanos)));
            return ConsumerRecords.empty();
        }
        try {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(wait);
            if (waitNanos > 0 && now - failedNanos >= WORKS_AGAIN_NANOS) {
                waitNanos = 0;
                refusals.succeeded();
                absences.succeeded();
            }
            return records;
        } catch (ApiException refused) {
            failed(refused);
            return ConsumerRecords.empty();
        }
    }

    /** The broker has refused something without which polling is of no use, or has not answered in time. */
    void failed(ApiException refused) {
        waitNanos = Math.clamp(2 * waitNanos, FIRST_WAIT_NANOS, LAST_WAIT_NANOS);
        failedNanos = time.nanos();
        (Absence.causes(refused) ? absences : refusals).failed(reading, refused);
    }
}
