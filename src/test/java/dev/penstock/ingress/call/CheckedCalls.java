package dev.penstock.ingress.call;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.messages.TraceContext;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Payload;
import dev.penstock.tenants.Tenant;
import dev.penstock.tracing.CallTrace;
import java.time.Duration;
import java.util.Optional;

/** Makes checked calls of model {@code m}. */
public final class CheckedCalls {
    private CheckedCalls() {}

    public static CheckedCall of(Tenant tenant, long rows) {
        return of(tenant, rows, Duration.ofSeconds(30), Duration.ZERO);
    }

    public static CheckedCall of(Tenant tenant, long rows, Duration timeout, Duration waited) {
        Call call = new Call(
                tenant,
                "m",
                Optional.empty(),
                Payload.json("{}".getBytes(UTF_8)),
                Optional.empty(),
                Optional.empty(),
                false,
                CallTrace.untraced(TraceContext.NONE),
                new EventLoopLag());
        return new CheckedCall(call, "1", rows, Lane.INTERACTIVE, timeout, waited, 0);
    }
}
