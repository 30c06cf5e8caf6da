package dev.penstock.worker;

import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The record that a request came as: whom to answer, and what to settle.
 *
 * @param replyTo empty when nobody asked for an answer
 */
record Origin(
        ConsumerRecord<byte[], byte[]> source,
        OffsetLedger.Position position,
        String correlationId,
        Optional<ReplyAddress> replyTo,
        String modelVersion) {}
