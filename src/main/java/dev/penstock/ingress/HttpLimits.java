package dev.penstock.ingress;

import java.time.Duration;

/**
 * The configured limits of HTTP calls.
 *
 * @param bodyTimeout from the end of a call's headers to the end of its body
 * @param eventsHeartbeat how often an event stream writes a comment while nothing happens
 * @param maxAddressBytes the most bytes of path and query
 * @param maxHeaderBytes the most bytes of all headers
 * @param maxUnpackingRatio how many times as long as its packed form a body may be
 * @param packFromBytes the length from which on answers are packed for clients that ask for it
 */
public record HttpLimits(
        Duration bodyTimeout,
        Duration eventsHeartbeat,
        int maxAddressBytes,
        int maxHeaderBytes,
        int maxUnpackingRatio,
        int packFromBytes) {}
