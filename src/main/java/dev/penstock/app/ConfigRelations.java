package dev.penstock.app;

import dev.penstock.ingress.IngressConfig;
import io.quarkus.runtime.configuration.ConfigurationException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Checks what no single key can declare: values that are each in range and do not work together. */
final class ConfigRelations {
    private final List<String> problems = new ArrayList<>();

    /** @throws ConfigurationException with every problem; Quarkus prints its message without a stack trace */
    void requireNoProblem() {
        if (!problems.isEmpty()) {
            throw new ConfigurationException("Configuration validation failed:\n\t" + String.join("\n\t", problems));
        }
    }

    /** @param idleTimeout {@code quarkus.http.idle-timeout}; zero means no timeout */
    void ofIngress(PenstockConfig shared, IngressConfig ingress, Duration idleTimeout) {
        if (!idleTimeout.isZero()) {
            requireBelow(
                    "penstock.ingress.events-heartbeat",
                    ingress.eventsHeartbeat(),
                    "quarkus.http.idle-timeout",
                    idleTimeout);
        }
        if (ingress.maxPublishingBytes() < shared.maxRequestBytes()) {
            problems.add("penstock.ingress.max-publishing-bytes must be at least penstock.max-request-bytes ("
                    + shared.maxRequestBytes() + "), was " + ingress.maxPublishingBytes());
        }
    }

    void requireBelow(String key, Duration value, String limitKey, Duration limit) {
        if (value.compareTo(limit) >= 0) {
            report(key, value, "shorter than", limitKey, limit);
        }
    }

    void requireAtMost(String key, Duration value, String limitKey, Duration limit) {
        if (value.compareTo(limit) > 0) {
            report(key, value, "at most", limitKey, limit);
        }
    }

    private void report(String key, Duration value, String rule, String limitKey, Duration limit) {
        problems.add("%s must be %s %s (%s), was %s"
                .formatted(key, rule, limitKey, ConfigRange.text(limit), ConfigRange.text(value)));
    }

    void requireFolder(String key, Path folder) {
        if (!Files.isDirectory(folder)) {
            problems.add(key + " must be a folder that exists, was "
                    + folder.toAbsolutePath().normalize());
        }
    }

    void requireHttp(String key, URI url) {
        boolean isHttp = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
        if (!isHttp || url.getHost() == null) {
            problems.add(key + " must be an http or https URL with a host, was " + ConfigErrors.NOT_SHOWN);
        }
    }
}
