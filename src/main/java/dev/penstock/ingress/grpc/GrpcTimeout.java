package dev.penstock.ingress.grpc;

import dev.penstock.protocol.InvalidRequestException;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code grpc-timeout}: up to 8 digits and a unit. */
final class GrpcTimeout {
    private static final String HEADER = "grpc-timeout";
    private static final Pattern FORM = Pattern.compile("(\\d{1,8})([HMSmun])");

    private GrpcTimeout() {}

    /** @param header null in a call without a deadline */
    static Optional<Duration> read(@Nullable String header) throws InvalidRequestException {
        if (header == null) {
            return Optional.empty();
        }
        Matcher form = FORM.matcher(header);
        if (!form.matches()) {
            throw new InvalidRequestException(
                    HEADER, "must be 1 to 8 digits and a unit, H, M, S, m, u or n, was '" + header + "'");
        }
        long number = Long.parseLong(form.group(1));
        return Optional.of(
                switch (form.group(2)) {
                    case "H" -> Duration.ofHours(number);
                    case "M" -> Duration.ofMinutes(number);
                    case "S" -> Duration.ofSeconds(number);
                    case "m" -> Duration.ofMillis(number);
                    case "u" -> Duration.ofNanos(number * 1000);
                    default -> Duration.ofNanos(number);
                });
    }
}
