package dev.penstock.ingress.console;

import dev.penstock.tenants.Tenant;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * Those who watch. Once a second one frame is made for all of them, on a thread that may be busy; while nobody watches nothing is done.
 * Thread-safe.
 */
final class Viewers {
    private static final Logger LOG = Logger.getLogger(Viewers.class);
    private static final long FIRST_MILLIS = 1;
    private static final long INTERVAL_MILLIS = 1000;

    private final Vertx vertx;
    private final int max;
    private final Supplier<Optional<String>> waitsFor;
    private final Frames frames;
    private final Map<HttpServerResponse, Viewer> watching = new ConcurrentHashMap<>();
    private Optional<Long> timer = Optional.empty();

    private record Viewer(Tenant tenant, Context context) {}

    /** @param waitsFor what the start of the ingress waits for; while it does, there is nothing to look at */
    Viewers(Vertx vertx, int max, Supplier<Optional<String>> waitsFor, Frames frames) {
        this.vertx = vertx;
        this.max = max;
        this.waitsFor = waitsFor;
        this.frames = frames;
    }

    /** @return false if there are too many already */
    synchronized boolean add(HttpServerResponse response, Tenant tenant, Context context) {
        if (watching.size() >= max) {
            return false;
        }
        watching.put(response, new Viewer(tenant, context));
        if (timer.isEmpty()) {
            timer = Optional.of(vertx.setPeriodic(FIRST_MILLIS, INTERVAL_MILLIS, tick -> look()));
        }
        return true;
    }

    synchronized void remove(HttpServerResponse response) {
        watching.remove(response);
        if (watching.isEmpty() && timer.isPresent()) {
            vertx.cancelTimer(timer.get());
            timer = Optional.empty();
        }
    }

    /** Ends all streams. */
    void close() {
        watching.forEach((response, viewer) -> viewer.context.runOnContext(last -> response.end()));
    }

    private void look() {
        Optional<String> missing = waitsFor.get();
        if (missing.isPresent()) {
            String starting = Frame.starting(missing.get());
            watching.forEach((response, viewer) -> send(response, viewer, starting));
            return;
        }
        vertx.executeBlocking(frames::next, true)
                .onSuccess(frame ->
                        watching.forEach((response, viewer) -> send(response, viewer, frame.json(viewer.tenant))))
                .onFailure(bug -> LOG.error("The console cannot read the meters", bug));
    }

    /** A viewer that does not keep up misses frames. */
    private static void send(HttpServerResponse response, Viewer viewer, String frame) {
        viewer.context.runOnContext(now -> {
            if (!response.closed() && !response.ended() && !response.writeQueueFull()) {
                response.write("data: " + frame + "\n\n");
            }
        });
    }
}
