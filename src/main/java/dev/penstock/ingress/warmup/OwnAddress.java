package dev.penstock.ingress.warmup;

import io.quarkus.vertx.http.HttpServerStart;
import io.quarkus.vertx.http.HttpsServerStart;
import io.vertx.core.http.HttpServerOptions;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Singleton;
import java.net.URI;
import java.util.concurrent.CompletableFuture;

/** Where this process takes calls, for calls to itself. Thread-safe. */
@Singleton
public final class OwnAddress {
    private final CompletableFuture<URI> known = new CompletableFuture<>();

    void opened(@ObservesAsync HttpServerStart http) {
        known.complete(of("http", http.options()));
    }

    void opened(@ObservesAsync HttpsServerStart https) {
        known.complete(of("https", https.options()));
    }

    /** Completes once the port is open; never in a process that takes no calls. */
    public CompletableFuture<URI> known() {
        return known;
    }

    private static URI of(String scheme, HttpServerOptions server) {
        return of(scheme, server.getHost(), server.getPort());
    }

    /** @param host the address on which the service listens; the address of all interfaces means loopback, too */
    static URI of(String scheme, String host, int port) {
        String reached = host.equals("0.0.0.0") || host.equals("::") ? "127.0.0.1" : host;
        return URI.create(scheme + "://" + (reached.contains(":") ? "[" + reached + "]" : reached) + ":" + port);
    }
}
