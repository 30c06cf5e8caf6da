/**
 * Kafka for both roles: the only place that makes clients, threads that follow, record, index or search a topic, the layout of topics, the broker's clock.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.kafka;
