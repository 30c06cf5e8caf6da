/**
 * Inference with event-driven batching. The packages, in the order in which a request meets them: {@code ingress} takes it over HTTP and
 * puts it on a topic, in the form of {@code protocol}; {@code worker} takes it off, {@code features} looks its inputs up, {@code batching} decides
 * when and with whom it runs, {@code model} runs it. Beside them, {@code tenants} tells callers apart, and {@code redis} guards those who would
 * wait for one that is away. {@code app} puts the roles together; {@code local} brings a broker and a Redis for laptops. Begin with
 * {@link dev.penstock.batching.Batcher}.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock;
