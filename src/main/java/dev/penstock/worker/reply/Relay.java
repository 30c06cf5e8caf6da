package dev.penstock.worker.reply;

import dev.penstock.messages.RecordHeaders;
import dev.penstock.threads.LimitedLog;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.SourceRecord;
import dev.penstock.worker.loop.WorkerMeters;
import java.util.Locale;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.jboss.logging.Logger;

/** Passes requests on to other workers: publishes a record once more, and settles it once the broker has the copy. Thread-safe. */
public final class Relay {
    private static final LimitedLog STAYED = new LimitedLog(Logger.getLogger(Relay.class));

    /** The copy has its own headers for these. A copied timeout would start again when the copy arrives in the log. */
    private static final Set<String> NOT_COPIED = Set.of(
            RecordHeaders.TIMEOUT_MS,
            RecordHeaders.DEADLINE_MS,
            RecordHeaders.SOURCE,
            RecordHeaders.PASSED_ON,
            RecordHeaders.SUSPECT);

    private final String model;
    private final Deliveries deliveries;
    private final WorkerMeters meters;

    public Relay(String model, Deliveries deliveries, WorkerMeters meters) {
        this.model = model;
        this.deliveries = deliveries;
        this.meters = meters;
    }

    /**
     * Tries as patiently as with a reply to another system.
     *
     * @param partition of the record's topic
     * @param deadlineMillis by the broker's clock
     * @param isSuspect whether a worker may have ended because of it
     * @param otherwise runs when the copy could not be published
     */
    public void passOn(
            AcceptedRecord record, int partition, long deadlineMillis, boolean isSuspect, Runnable otherwise) {
        Forms copy = Forms.of(copy(record.source(), partition, deadlineMillis, isSuspect));
        deliveries.begin(new Delivery(Delivery.Kind.OTHERS_REPLY, copy, new Delivery.Ending() {
            @Override
            public void delivered(int form, boolean atFirst) {
                meters.passedOn();
                record.source().trace().note("passed on to another worker");
                record.settle();
            }

            @Override
            public void givenUp(String reason) {
                STAYED.warn(
                        new LimitedLog.About(model, record.correlationId().toString()),
                        "record %s could not be passed on to another worker: it %s",
                        record.source().place(),
                        reason);
                otherwise.run();
            }
        }));
    }

    private static ProducerRecord<byte[], byte[]> copy(
            SourceRecord source, int partition, long deadlineMillis, boolean isSuspect) {
        ProducerRecord<byte[], byte[]> copy =
                new ProducerRecord<>(source.partition().topic(), partition, source.key(), source.value());
        Headers headers = copy.headers();
        source.forEachHeader((name, value) -> {
            if (!NOT_COPIED.contains(name.toLowerCase(Locale.ROOT))) {
                headers.add(name, value);
            }
        });
        RecordHeaders.set(headers, RecordHeaders.DEADLINE_MS, Long.toString(deadlineMillis));
        RecordHeaders.set(headers, RecordHeaders.SOURCE, source.origin().toString());
        RecordHeaders.set(headers, RecordHeaders.PASSED_ON, Integer.toString(source.passedOn() + 1));
        if (isSuspect) {
            RecordHeaders.set(headers, RecordHeaders.SUSPECT, "1");
        }
        return copy;
    }
}
