package dev.penstock.ingress.web;

import io.quarkus.vertx.http.runtime.filters.Filters;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** Asks all filters of calls to register, and gives them to the router. */
@Singleton
public final class CallFilterRoutes {
    void register(@Observes Filters router, Event<CallFilters> filters) {
        CallFilters ours = new CallFilters();
        filters.fire(ours);
        ours.addTo(router);
    }
}
