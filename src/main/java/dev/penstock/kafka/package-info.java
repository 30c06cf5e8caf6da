/**
 * Kafka for both roles: threads that follow or record a topic, the layout of topics, the broker's clock.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.kafka;
