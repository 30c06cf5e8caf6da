package dev.penstock.ingress;

import dev.penstock.protocol.Lane;
import java.time.Duration;

/** A call that the model will take. */
record CheckedCall(Call call, Lane lane, Duration timeout) {}
