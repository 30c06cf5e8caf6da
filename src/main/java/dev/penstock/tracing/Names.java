package dev.penstock.tracing;

import io.opentelemetry.api.common.AttributeKey;

/** Names of attributes: those of OpenTelemetry's semantic conventions for HTTP and for messaging, and ours. */
final class Names {
    static final AttributeKey<String> METHOD = AttributeKey.stringKey("http.request.method");
    static final AttributeKey<String> ROUTE = AttributeKey.stringKey("http.route");
    static final AttributeKey<Long> STATUS = AttributeKey.longKey("http.response.status_code");
    static final AttributeKey<String> PATH = AttributeKey.stringKey("url.path");
    static final AttributeKey<String> SCHEME = AttributeKey.stringKey("url.scheme");
    static final AttributeKey<String> PROTOCOL_VERSION = AttributeKey.stringKey("network.protocol.version");
    static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");

    static final AttributeKey<String> SYSTEM = AttributeKey.stringKey("messaging.system");
    static final AttributeKey<String> OPERATION = AttributeKey.stringKey("messaging.operation.name");
    static final AttributeKey<String> OPERATION_TYPE = AttributeKey.stringKey("messaging.operation.type");
    static final AttributeKey<String> TOPIC = AttributeKey.stringKey("messaging.destination.name");
    static final AttributeKey<String> PARTITION = AttributeKey.stringKey("messaging.destination.partition.id");
    static final AttributeKey<Long> OFFSET = AttributeKey.longKey("messaging.kafka.offset");
    static final AttributeKey<Long> BODY_BYTES = AttributeKey.longKey("messaging.message.body.size");
    static final AttributeKey<Long> BATCH_MESSAGES = AttributeKey.longKey("messaging.batch.message_count");

    /** The request id, or the correlation id of another system. */
    static final AttributeKey<String> CONVERSATION = AttributeKey.stringKey("messaging.message.conversation_id");

    static final AttributeKey<String> MODEL = AttributeKey.stringKey("penstock.model");
    static final AttributeKey<String> MODEL_VERSION = AttributeKey.stringKey("penstock.model_version");
    static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("penstock.outcome");
    static final AttributeKey<Long> BATCH_ROWS = AttributeKey.longKey("penstock.batch_rows");
    static final AttributeKey<Double> QUEUE_MS = AttributeKey.doubleKey("penstock.queue_ms");
    static final AttributeKey<String> FEATURES = AttributeKey.stringKey("penstock.features");

    private Names() {}
}
