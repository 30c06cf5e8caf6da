package dev.penstock.ingress.http;

import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.quarkus.vertx.http.ManagementInterface;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/**
 * Answers scrapes in the OpenMetrics form, which alone has exemplars. Quarkus does not take a request for it that names no charset, as
 * Prometheus's does: it answers with plain text, or 406 where that is not accepted.
 */
@Singleton
@SuppressWarnings("deprecation") // Quarkus 3.33 has this registry, and no other
public final class OpenMetrics {
    private static final String PATH = "/q/metrics";
    private static final String TYPE = "application/openmetrics-text";
    private static final String FORM = TYPE + "; version=1.0.0; charset=utf-8";
    private static final int AFTER_HEADER_LIMITS = Integer.MIN_VALUE + 1;

    private final PrometheusMeterRegistry registry;

    OpenMetrics(PrometheusMeterRegistry registry) {
        this.registry = registry;
    }

    void register(@Observes ManagementInterface management) {
        management
                .router()
                .route(PATH)
                .method(HttpMethod.GET)
                .method(HttpMethod.HEAD)
                .order(AFTER_HEADER_LIMITS)
                .blockingHandler(this::answer);
    }

    private void answer(RoutingContext call) {
        String accepted = call.request().getHeader(HttpHeaders.ACCEPT);
        if (accepted == null || !accepted.contains(TYPE)) {
            call.next();
            return;
        }
        call.response().putHeader(HttpHeaders.CONTENT_TYPE, FORM);
        call.end(registry.scrape(FORM));
    }
}
