package dev.penstock.worker.intake;

import dev.penstock.messages.CorrelationId;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.RecordSource;
import dev.penstock.messages.TraceContext;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.tracing.RequestTrace;
import dev.penstock.tracing.Tracing;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.SourceRecord;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/** A record as the Kafka consumer returns it. */
record KafkaRecord(
        ConsumerRecord<byte[], byte[]> polled, LogPartition partition, CorrelationId correlationId, RequestTrace trace)
        implements SourceRecord {

    static KafkaRecord of(ConsumerRecord<byte[], byte[]> polled, Tracing tracing) {
        CorrelationId id = RecordHeaders.correlationId(polled.headers())
                .orElseGet(() -> CorrelationId.of(UUID.randomUUID().toString()));
        RequestTrace trace = tracing.isOn()
                ? tracing.taken(new Tracing.Taken(
                        TraceContext.read(polled.headers()),
                        polled.topic(),
                        polled.partition(),
                        polled.offset(),
                        id,
                        Math.max(0, polled.serializedValueSize())))
                : RequestTrace.NONE;
        return new KafkaRecord(polled, new LogPartition(polled.topic(), polled.partition()), id, trace);
    }

    @Override
    public long offset() {
        return polled.offset();
    }

    @Override
    public long timestampMillis() {
        return polled.timestamp();
    }

    /** Whoever writes a number that is none has the record passed on no more. */
    @Override
    public int passedOn() {
        try {
            return RecordHeaders.number(polled.headers(), RecordHeaders.PASSED_ON, 0)
                    .map(hops -> (int) Math.min(hops, Integer.MAX_VALUE))
                    .orElse(0);
        } catch (InvalidRequestException notOurs) {
            return Integer.MAX_VALUE;
        }
    }

    @Override
    public boolean isCopy() {
        return polled.headers().lastHeader(RecordHeaders.COPY) != null;
    }

    @Override
    public boolean isSuspect() {
        return polled.headers().lastHeader(RecordHeaders.SUSPECT) != null;
    }

    @Override
    public boolean isFromEdge() {
        return polled.headers().lastHeader(RecordHeaders.HOPS) != null;
    }

    @Override
    public RecordSource origin() {
        return RecordHeaders.text(polled.headers(), RecordHeaders.SOURCE)
                .flatMap(RecordSource::parse)
                .orElseGet(SourceRecord.super::origin);
    }

    @Override
    public int bytes() {
        return Math.max(0, polled.serializedValueSize());
    }

    @Override
    public Optional<String> modelVersion() {
        return RecordHeaders.text(polled.headers(), RecordHeaders.MODEL_VERSION);
    }

    @Override
    public byte @Nullable [] key() {
        return polled.key();
    }

    @Override
    public byte @Nullable [] value() {
        return polled.value();
    }

    @Override
    public void forEachHeader(BiConsumer<String, byte[]> visitor) {
        for (Header header : polled.headers()) {
            visitor.accept(header.key(), header.value());
        }
    }
}
