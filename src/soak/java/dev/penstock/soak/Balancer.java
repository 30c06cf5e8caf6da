package dev.penstock.soak;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Knows which ingresses are ready, as a load balancer does: it asks each one again and again. Thread-safe. */
final class Balancer implements AutoCloseable {
    private static final Duration PERIOD = Duration.ofMillis(500);

    private final Map<URI, Instance> ingresses = new LinkedHashMap<>();
    private final Thread prober;
    private volatile List<URI> ready;

    /** Starts to ask. */
    Balancer(Deployment deployment) {
        for (int i = 0; i < deployment.urls().size(); i++) {
            ingresses.put(deployment.urls().get(i), deployment.ingresses().get(i));
        }
        ready = List.copyOf(ingresses.keySet());
        prober = Thread.ofVirtual().name("balancer").start(this::probe);
    }

    /** The addresses of those that were ready when they were last asked. */
    List<URI> ready() {
        return ready;
    }

    @Override
    public void close() {
        prober.interrupt();
    }

    private void probe() {
        try {
            while (true) {
                List<URI> now = new ArrayList<>();
                for (Map.Entry<URI, Instance> each : ingresses.entrySet()) {
                    if (each.getValue().isReady()) {
                        now.add(each.getKey());
                    }
                }
                ready = List.copyOf(now);
                Thread.sleep(PERIOD);
            }
        } catch (InterruptedException closed) {
            // The soak has ended.
        }
    }
}
