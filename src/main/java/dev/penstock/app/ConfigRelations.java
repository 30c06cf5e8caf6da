package dev.penstock.app;

import dev.penstock.features.FeaturesConfig;
import dev.penstock.ingress.IngressConfig;
import dev.penstock.worker.WorkerConfig;
import io.quarkus.runtime.configuration.ConfigurationException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Checks what no single key can declare: values that are each in range and do not work together. */
final class ConfigRelations {
    private final List<String> problems = new ArrayList<>();

    private ConfigRelations() {}

    /**
     * Checks the keys of the roles of this process.
     *
     * @param idleTimeout {@code quarkus.http.idle-timeout}; zero means no timeout
     * @throws ConfigurationException with every problem; Quarkus prints its message without a stack trace
     */
    static void check(
            PenstockConfig shared,
            IngressConfig ingress,
            WorkerConfig worker,
            FeaturesConfig features,
            Duration idleTimeout) {
        ConfigRelations relations = new ConfigRelations();
        boolean isIngress = shared.roles().contains(PenstockConfig.Role.INGRESS);
        boolean isWorker = shared.roles().contains(PenstockConfig.Role.WORKER);
        if (isIngress) {
            relations.ofIngress(shared, ingress, idleTimeout);
        }
        if (isWorker) {
            relations.ofFeatures(features);
        }
        if (isIngress && isWorker) {
            relations.requireBelow(
                    "penstock.worker.heartbeat",
                    worker.heartbeat(),
                    "penstock.ingress.worker-timeout",
                    ingress.workerTimeout());
        }
        if (!relations.problems.isEmpty()) {
            throw new ConfigurationException(
                    "Configuration validation failed:\n\t" + String.join("\n\t", relations.problems));
        }
    }

    private void ofIngress(PenstockConfig shared, IngressConfig ingress, Duration idleTimeout) {
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

    private void ofFeatures(FeaturesConfig features) {
        requireAtMost(
                "penstock.features.refresh-after",
                features.refreshAfter(),
                "penstock.features.fresh-for",
                features.freshFor());
        requireAtMost(
                "penstock.features.fresh-for", features.freshFor(), "penstock.features.keep-for", features.keepFor());
        features.sources()
                .forEach((name, source) ->
                        source.url().ifPresent(url -> requireHttp("penstock.features.sources." + name + ".url", url)));
    }

    private void requireBelow(String key, Duration value, String limitKey, Duration limit) {
        if (value.compareTo(limit) >= 0) {
            report(key, value, "shorter than", limitKey, limit);
        }
    }

    private void requireAtMost(String key, Duration value, String limitKey, Duration limit) {
        if (value.compareTo(limit) > 0) {
            report(key, value, "at most", limitKey, limit);
        }
    }

    private void report(String key, Duration value, String rule, String limitKey, Duration limit) {
        problems.add("%s must be %s %s (%s), was %s"
                .formatted(key, rule, limitKey, ConfigRange.text(limit), ConfigRange.text(value)));
    }

    private void requireHttp(String key, URI url) {
        boolean isHttp = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
        if (!isHttp || url.getHost() == null) {
            problems.add(key + " must be an http or https URL with a host, was a value that is not shown, since it may"
                    + " hold a secret");
        }
    }
}
