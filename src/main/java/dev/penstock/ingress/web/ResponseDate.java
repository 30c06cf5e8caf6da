package dev.penstock.ingress.web;

import dev.penstock.threads.Time;
import io.quarkus.vertx.http.ManagementInterface;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Dates each response, as a server with a clock must (RFC 9110, section 6.6.1). The text is made once a second. */
@Singleton
public final class ResponseDate {
    private static final int BEFORE_ALL_ANSWERS = 1090;
    private static final DateTimeFormatter FORM = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    private static volatile Second last = new Second(0, FORM.format(Instant.EPOCH));

    /** @param number of the second since the epoch */
    private record Second(long number, String text) {}

    void register(@Observes CallFilters filters) {
        filters.register(ResponseDate::add, BEFORE_ALL_ANSWERS);
    }

    void register(@Observes ManagementInterface management) {
        management.router().route().order(Integer.MIN_VALUE).handler(CallFilters.handler(ResponseDate::add));
    }

    /** The current time as the header {@code Date} has it. */
    public static String now() {
        long number = Math.floorDiv(Time.OF_MACHINE.millis(), 1000L);
        Second second = last;
        if (second.number != number) {
            second = new Second(number, FORM.format(Instant.ofEpochSecond(number)));
            last = second;
        }
        return second.text;
    }

    private static boolean add(RoutingContext call) {
        call.response().putHeader(HttpHeaders.DATE, now());
        return true;
    }
}
