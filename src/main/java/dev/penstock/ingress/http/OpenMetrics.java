package dev.penstock.ingress.http;

import dev.penstock.tracing.Tracing;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.quarkus.vertx.http.ManagementInterface;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/**
 * Answers scrapes in the OpenMetrics form, which alone has exemplars, where tracing is on. Quarkus does not take Prometheus's request for
 * it, since that names no charset, and answers with plain text.
 */
@Singleton
@SuppressWarnings("deprecation") // Quarkus 3.33 has this registry, and no other
public final class OpenMetrics {
    private static final String PATH = "/q/metrics";
    private static final String TYPE = "application/openmetrics-text";
    private static final String FORM = TYPE + "; version=1.0.0; charset=utf-8";
    private static final int AFTER_HEADER_LIMITS = Integer.MIN_VALUE + 1;

    private final Tracing tracing;
    private final PrometheusMeterRegistry registry;

    OpenMetrics(Tracing tracing, PrometheusMeterRegistry registry) {
        this.tracing = tracing;
        this.registry = registry;
    }

    void register(@Observes ManagementInterface management) {
        if (tracing.isOn()) {
            management.router().get(PATH).order(AFTER_HEADER_LIMITS).blockingHandler(this::answer);
        }
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
