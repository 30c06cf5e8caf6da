package dev.penstock.bench;

import java.net.URI;

/**
 * The addresses of a running Penstock.
 *
 * @param kafka {@code HOST:PORT}
 */
public record Target(URI http, URI management, String kafka) {

    URI infer(String model) {
        return http.resolve("/v2/models/" + model + "/infer");
    }
}
