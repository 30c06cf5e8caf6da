package dev.penstock.worker.reply;

import dev.penstock.messages.RecordHeaders;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.SourceRecord;
import dev.penstock.worker.loop.WorkerMeters;
import java.util.Set;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Headers;
import org.jboss.logging.Logger;

/**
 * Passes requests on to other workers: publishes a record once more, and settles it once the broker has the copy. Thread-safe.
 */
public final class Relay {
    private static final Logger LOG = Logger.getLogger(Relay.class);

    /** The copy has its own. A timeout would begin anew when the copy arrives in the log. */
    private static final Set<String> NOT_COPIED = Set.of(
            RecordHeaders.TIMEOUT_MS, RecordHeaders.DEADLINE_MS, RecordHeaders.SOURCE, RecordHeaders.PASSED_ON);

    private final Producer<byte[], byte[]> producer;
    private final WorkerMeters meters;

    public Relay(Producer<byte[], byte[]> producer, WorkerMeters meters) {
        this.producer = producer;
        this.meters = meters;
    }

    /**
     * @param partition of the record's topic
     * @param deadlineMillis by the broker's clock
     * @param otherwise runs when the copy could not be published
     */
    public void passOn(AcceptedRecord record, int partition, long deadlineMillis, Runnable otherwise) {
        try {
            producer.send(copy(record.source(), partition, deadlineMillis), (metadata, failure) -> {
                if (failure == null) {
                    meters.passedOn();
                    record.settle();
                } else {
                    failed(record, failure, otherwise);
                }
            });
        } catch (KafkaException failure) {
            failed(record, failure, otherwise);
        }
    }

    private static void failed(AcceptedRecord record, Exception failure, Runnable otherwise) {
        LOG.warnf("%s could not be passed on to another worker: %s", record.source().place(), failure);
        otherwise.run();
    }

    private static ProducerRecord<byte[], byte[]> copy(SourceRecord source, int partition, long deadlineMillis) {
        ProducerRecord<byte[], byte[]> copy =
                new ProducerRecord<>(source.partition().topic(), partition, source.key(), source.value());
        Headers headers = copy.headers();
        source.forEachHeader((name, value) -> {
            if (!NOT_COPIED.contains(name)) {
                headers.add(name, value);
            }
        });
        RecordHeaders.set(headers, RecordHeaders.DEADLINE_MS, Long.toString(deadlineMillis));
        RecordHeaders.set(headers, RecordHeaders.SOURCE, source.origin().toString());
        RecordHeaders.set(headers, RecordHeaders.PASSED_ON, Integer.toString(source.passedOn() + 1));
        return copy;
    }
}
