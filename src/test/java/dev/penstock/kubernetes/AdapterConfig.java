package dev.penstock.kubernetes;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The configuration file of prometheus-adapter. It has no published Java type. */
record AdapterConfig(List<DiscoveryRule> rules, List<DiscoveryRule> externalRules) {
    private static final ObjectReader READER =
            Manifests.YAML.readerFor(AdapterConfig.class).with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    static AdapterConfig read() throws IOException {
        return READER.readValue(Rendered.adapter()
                .get("ConfigMap", "penstock-adapter")
                .at("/data/config.yaml")
                .asText());
    }

    Stream<DiscoveryRule> all() {
        return Stream.concat(rules.stream(), externalRules.stream());
    }

    record DiscoveryRule(
            String seriesQuery,
            @Nullable List<Map<String, String>> seriesFilters,
            ResourceMapping resources,
            NameMapping name,
            String metricsQuery) {}

    record ResourceMapping(
            @Nullable String template,
            @Nullable Map<String, GroupResource> overrides,
            @Nullable Boolean namespaced) {}

    record GroupResource(@Nullable String group, String resource) {}

    record NameMapping(@Nullable String matches, @Nullable String as) {}
}
