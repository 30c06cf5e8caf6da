package dev.penstock.ingress.call;

import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Payload;
import dev.penstock.tenants.Tenant;
import dev.penstock.tracing.CallTrace;
import java.time.Duration;
import java.util.Optional;

/**
 * An inference call over REST, before it is checked.
 *
 * @param timeout from the headers; if empty, a parameter of the body or a default decides
 * @param lane from the headers; if empty, a parameter of the body or the default decides
 * @param isFromEdge whether an edge makes the call, for callers of its own
 * @param lag of the event loop of its connection
 */
public record Call(
        Tenant tenant,
        String model,
        Optional<String> version,
        Payload payload,
        Optional<Duration> timeout,
        Optional<Lane> lane,
        boolean isFromEdge,
        CallTrace trace,
        EventLoopLag lag) {
    /** The same call with its request in another form. */
    Call with(Payload form) {
        return new Call(tenant, model, version, form, timeout, lane, isFromEdge, trace, lag);
    }
}
