package dev.penstock.ingress.call;

import dev.penstock.protocol.Lane;
import java.time.Duration;

/**
 * A call that passed its check.
 *
 * @param call with the request in the form in which workers get it
 * @param version of the model that answers it
 * @param rows the rows of its inputs
 * @param timeout the time left to its deadline
 * @param waited the part of its timeout that passed before this ingress read it
 * @param readNanos when this ingress had read it, on the monotonic clock
 */
public record CheckedCall(
        Call call, String version, long rows, Lane lane, Duration timeout, Duration waited, long readNanos) {
    /** The same call with another timeout. */
    public CheckedCall within(Duration other) {
        return new CheckedCall(call, version, rows, lane, other, waited, readNanos);
    }
}
