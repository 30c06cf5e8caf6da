package dev.penstock.ingress.call;

import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Payload;
import dev.penstock.tenants.Tenant;
import java.time.Duration;
import java.util.Optional;

/**
 * What somebody asks over REST. What the headers do not say, the body's parameters or the defaults do.
 *
 * @param lag of the event loop that its connection is on
 */
public record Call(
        Tenant tenant,
        String model,
        Optional<String> version,
        Payload payload,
        Optional<Duration> timeout,
        Optional<Lane> lane,
        Optional<String> traceparent,
        LoopLag lag) {}
