package dev.penstock.worker.offsets;

import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The record that a request came as: whom to answer, and what to settle.
 *
 * @param replyTo empty when nobody asked for an answer
 */
public record Origin(
        ConsumerRecord<byte[], byte[]> source,
        OffsetLedger.Position position,
        String correlationId,
        Optional<ReplyAddress> replyTo,
        String modelVersion) {}
