package dev.penstock.ingress.web;

import io.vertx.core.http.HttpServerRequest;

/** The addresses of the API as the caller sees them, behind a proxy that serves it below a path of its own. */
public final class PublicAddress {
    private PublicAddress() {}

    /**
     * What the caller's address has before the path of the API: empty, or the proxy's path such as {@code /ml}. A proxy says it with {@code
     * X-Forwarded-Prefix}, which counts only where {@code quarkus.http.proxy.proxy-address-forwarding} is on.
     */
    public static String prefix(HttpServerRequest http) {
        String address = http.uri().split("\\?", 2)[0];
        String path = http.path();
        return path != null && address.endsWith(path) ? address.substring(0, address.length() - path.length()) : "";
    }
}
