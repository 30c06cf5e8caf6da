package dev.penstock.ingress.web;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * What looks at each call before a resource does, in the order of its priority, the highest first. The router would take a microsecond for
 * each; so all that come before the authentication are one handler for it, and all that come after are another.
 */
public final class CallFilters {
    /** Authentication may wait for an answer, so it is a handler of its own. */
    public static final int AUTHENTICATION = 900;

    private final List<Filter> filters = new ArrayList<>();

    /** Looks at a call. */
    @FunctionalInterface
    public interface Look {
        /** Whether the call goes on; otherwise it has its answer. */
        boolean passes(RoutingContext call);
    }

    private record Filter(int priority, Look look) {}

    /** @param priority other than {@link #AUTHENTICATION} */
    public void register(Look look, int priority) {
        filters.add(new Filter(priority, look));
    }

    void addTo(Filters router) {
        add(router, priority -> priority > AUTHENTICATION);
        add(router, priority -> priority < AUTHENTICATION);
    }

    private void add(Filters router, IntPredicate isOne) {
        List<Filter> sorted = filters.stream()
                .filter(filter -> isOne.test(filter.priority))
                .sorted(Comparator.comparingInt(Filter::priority).reversed())
                .toList();
        if (!sorted.isEmpty()) {
            Look[] looks = sorted.stream().map(Filter::look).toArray(Look[]::new);
            router.register(handler(looks), sorted.getFirst().priority);
        }
    }

    /** A handler of a router that looks at each call. */
    public static Handler<RoutingContext> handler(Look... looks) {
        return call -> {
            for (Look look : looks) {
                if (!look.passes(call)) {
                    return;
                }
            }
            call.next();
        };
    }
}
