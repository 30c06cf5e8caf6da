package dev.penstock.ingress.call;

import dev.penstock.protocol.Lane;
import java.time.Duration;

/**
 * A call that its tenant may make, and that the model will take.
 *
 * @param rows of its inputs
 * @param timeout what is left of the time that it has
 * @param waited for this ingress to read it: what is not left of that time
 */
public record CheckedCall(Call call, long rows, Lane lane, Duration timeout, Duration waited) {
    /** The same with another timeout. */
    public CheckedCall within(Duration other) {
        return new CheckedCall(call, rows, lane, other, waited);
    }
}
