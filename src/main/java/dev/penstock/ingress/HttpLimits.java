package dev.penstock.ingress;

import java.time.Duration;

/**
 * The configured limits of HTTP calls.
 *
 * @param bodyTimeout from the end of a call's headers to the end of its body
 * @param eventsHeartbeat how often an event stream writes a comment while nothing happens
 * @param maxAddressBytes the most bytes of path and query
 * @param maxHeaderBytes the most bytes of all headers
 */
public record HttpLimits(Duration bodyTimeout, Duration eventsHeartbeat, int maxAddressBytes, int maxHeaderBytes) {}
