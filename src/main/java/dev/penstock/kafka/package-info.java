/**
 * Kafka for both roles: the only place that makes clients, threads that follow or record a topic, the layout of topics, the broker's clock.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.kafka;
