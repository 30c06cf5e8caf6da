package dev.penstock.worker.accepted;

import dev.penstock.messages.CorrelationId;
import dev.penstock.protocol.Lane;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Records without a log, for tests. */
public final class AcceptedRecords {
    private static final LogPartition PARTITION = new LogPartition("t", 0);

    private AcceptedRecords() {}

    /** An open record for version 1. */
    public static AcceptedRecord open(String correlationId) {
        return ledger().open(source(PARTITION, 0, 0, correlationId), Lane.INTERACTIVE, "1");
    }

    /** An open record for version 1 that an edge has sent. */
    public static AcceptedRecord openFromEdge(String correlationId) {
        Source source = new Source(PARTITION, 0, 0, CorrelationId.of(correlationId), Optional.empty(), 0, false, true);
        return ledger().open(source, Lane.INTERACTIVE, "1");
    }

    /** The record's partition gets another owner. */
    public static void lose(AcceptedRecord record) {
        record.lose();
    }

    /** A ledger whose lease never ends. */
    public static OffsetLedger ledger() {
        return new OffsetLedger(new Lease(Duration.ofDays(1), System.nanoTime()), () -> 0);
    }

    public static SourceRecord source(LogPartition partition, long offset, int bytes, String correlationId) {
        return new Source(partition, offset, bytes, correlationId, Optional.empty());
    }

    /** A record without key, value and headers. Its timestamp is its offset. */
    public record Source(
            LogPartition partition,
            long offset,
            int bytes,
            CorrelationId correlationId,
            Optional<String> modelVersion,
            int passedOn,
            boolean isSuspect,
            boolean isFromEdge)
            implements SourceRecord {
        public Source(
                LogPartition partition, long offset, int bytes, String correlationId, Optional<String> modelVersion) {
            this(partition, offset, bytes, CorrelationId.of(correlationId), modelVersion, 0, false, false);
        }

        public Source(LogPartition partition, long offset, Optional<String> modelVersion, int passedOn) {
            this(partition, offset, 1, CorrelationId.of("id"), modelVersion, passedOn, false, false);
        }

        @Override
        public long timestampMillis() {
            return offset;
        }

        @Override
        public byte @Nullable [] key() {
            return null;
        }

        @Override
        public byte @Nullable [] value() {
            return null;
        }

        @Override
        public void forEachHeader(BiConsumer<String, byte[]> visitor) {
            // it has none
        }
    }
}
