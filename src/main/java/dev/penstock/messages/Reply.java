package dev.penstock.messages;

import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * The reply to one request, as a Kafka record. The value is the body of the outcome; everything else is in headers.
 *
 * @param correlationId echoed from the request; the request id if the request came over REST
 */
public record Reply(CorrelationId correlationId, String model, String modelVersion, Outcome outcome, Timings timings) {

    /** The reply to a request whose id is text, as all of Penstock's own are. */
    public Reply(String correlationId, String model, String modelVersion, Outcome outcome, Timings timings) {
        this(CorrelationId.of(correlationId), model, modelVersion, outcome, timings);
    }

    /** The record value: a v2 response or a problem document. */
    public byte[] value() {
        return switch (outcome) {
            case Outcome.Succeeded succeeded -> succeeded.response().array();
            case Outcome.Failed failed -> failed.problem().toJson();
            case Outcome.Expired expired ->
                Problem.of(Problem.Kind.DEADLINE_EXCEEDED, "the deadline passed before the request ran")
                        .toJson();
            case Outcome.Cancelled cancelled ->
                Problem.of(Problem.Kind.CANCELLED, "the request was cancelled").toJson();
        };
    }

    public void writeHeaders(Headers headers) {
        writeIdentity(headers);
        RecordHeaders.set(headers, RecordHeaders.MODEL, model);
        RecordHeaders.set(headers, RecordHeaders.MODEL_VERSION, modelVersion);
        RecordHeaders.set(headers, RecordHeaders.BATCH_SIZE, Integer.toString(timings.batchSize()));
        RecordHeaders.set(headers, RecordHeaders.QUEUE_MS, millis(timings.queueMs()));
        RecordHeaders.set(headers, RecordHeaders.FEATURES_MS, millis(timings.featuresMs()));
        RecordHeaders.set(headers, RecordHeaders.COMPUTE_MS, millis(timings.computeMs()));
        if (outcome instanceof Outcome.Succeeded succeeded
                && succeeded.response().jsonLength().isPresent()) {
            RecordHeaders.set(headers, RecordHeaders.CONTENT_TYPE, RecordHeaders.BINARY);
            RecordHeaders.set(
                    headers,
                    RecordHeaders.JSON_LENGTH,
                    Integer.toString(succeeded.response().jsonLength().getAsInt()));
        } else {
            RecordHeaders.set(
                    headers,
                    RecordHeaders.CONTENT_TYPE,
                    outcome instanceof Outcome.Succeeded ? RecordHeaders.JSON : Problem.CONTENT_TYPE);
        }
    }

    /** Writes only what a reply cannot do without: its id and its status. */
    public void writeIdentity(Headers headers) {
        headers.add(RecordHeaders.CORRELATION_ID, correlationId.bytes());
        RecordHeaders.set(headers, RecordHeaders.STATUS, outcome.status());
    }

    /**
     * @param value null in a tombstone, which any producer may write
     * @throws InvalidRequestException if a header is missing or invalid, as in a record that Penstock did not write
     */
    public static Reply read(Headers headers, byte @Nullable [] value) throws InvalidRequestException {
        if (value == null) {
            throw new InvalidRequestException("value", "must be a v2 response or a problem document, was null");
        }
        String status = required(headers, RecordHeaders.STATUS);
        Outcome outcome = switch (status) {
            case "succeeded" ->
                new Outcome.Succeeded(new Payload(ByteBuffer.wrap(value), RecordHeaders.jsonLength(headers)));
            case "failed" -> new Outcome.Failed(problem(value));
            case "expired" -> new Outcome.Expired();
            case "cancelled" -> new Outcome.Cancelled();
            default ->
                throw new InvalidRequestException(
                        RecordHeaders.STATUS, "must be succeeded, failed, expired or cancelled, was '" + status + "'");
        };
        return new Reply(
                correlationId(headers),
                RecordHeaders.text(headers, RecordHeaders.MODEL).orElse(""),
                RecordHeaders.text(headers, RecordHeaders.MODEL_VERSION).orElse(""),
                outcome,
                new Timings(
                        decimal(headers, RecordHeaders.QUEUE_MS),
                        decimal(headers, RecordHeaders.FEATURES_MS),
                        decimal(headers, RecordHeaders.COMPUTE_MS),
                        batchSize(headers)));
    }

    private static Problem problem(byte[] value) throws InvalidRequestException {
        try {
            return Problem.read(value);
        } catch (IOException broken) {
            throw new InvalidRequestException("value", "must be a problem document: " + broken.getMessage());
        }
    }

    private static CorrelationId correlationId(Headers headers) throws InvalidRequestException {
        return RecordHeaders.bytes(headers, RecordHeaders.CORRELATION_ID)
                .map(CorrelationId::of)
                .orElseThrow(() -> new InvalidRequestException(RecordHeaders.CORRELATION_ID, "is required"));
    }

    private static String required(Headers headers, String name) throws InvalidRequestException {
        Optional<String> text = RecordHeaders.text(headers, name);
        if (text.isEmpty()) {
            throw new InvalidRequestException(name, "is required");
        }
        return text.get();
    }

    private static int batchSize(Headers headers) throws InvalidRequestException {
        long rows = RecordHeaders.number(headers, RecordHeaders.BATCH_SIZE, 0).orElse(0L);
        if (rows > Integer.MAX_VALUE) {
            throw new InvalidRequestException(
                    RecordHeaders.BATCH_SIZE, "must be at most " + Integer.MAX_VALUE + ", was " + rows);
        }
        return (int) rows;
    }

    private static double decimal(Headers headers, String name) throws InvalidRequestException {
        String text = RecordHeaders.text(headers, name).orElse("0");
        try {
            double value = Double.parseDouble(text);
            if (Double.isFinite(value) && value >= 0) {
                return value;
            }
        } catch (NumberFormatException notANumber) {
            // Reported below, like NaN and negative numbers.
        }
        throw new InvalidRequestException(name, "must be a finite, non-negative number, was '" + text + "'");
    }

    /** Formats milliseconds with three decimals. Cheaper than a formatter on the reply path. */
    private static String millis(double value) {
        long micros = Math.round(value * 1000);
        long fraction = micros % 1000;
        return micros / 1000 + "." + (fraction < 10 ? "00" : fraction < 100 ? "0" : "") + fraction;
    }
}
