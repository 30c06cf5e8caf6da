/**
 * Inference with event-driven batching. The packages, in the order in which a request meets them: {@code ingress} takes a call over HTTP and
 * puts it on a topic, as {@code protocol} and {@code messages} define it. {@code worker} takes it off, {@code features} looks up its inputs,
 * {@code batching} decides when it runs and with which others, {@code model} runs it. {@code kafka}, {@code redis} and {@code tenants} serve these.
 * {@code app} wires the roles; {@code local} adds a broker and a Redis for laptops. Begin with {@link dev.penstock.batching.Batcher}.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock;
