package dev.penstock.ingress;

import dev.penstock.protocol.Lane;
import java.time.Duration;

/**
 * A call that its tenant may make, and that the model will take.
 *
 * @param rows of its inputs
 */
record CheckedCall(Call call, long rows, Lane lane, Duration timeout) {}
