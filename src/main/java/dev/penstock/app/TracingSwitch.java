package dev.penstock.app;

import io.smallrye.config.ConfigSourceContext;
import io.smallrye.config.ConfigSourceFactory;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.PropertiesConfigSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.config.spi.ConfigSource;

/** Switches OpenTelemetry off unless there is an endpoint for traces, and tells it the endpoint. Made before there are beans. */
public final class TracingSwitch implements ConfigSourceFactory {
    /** Above application.properties, and below what users set. */
    private static final int ORDINAL = 255;

    @Override
    public Iterable<ConfigSource> getConfigSources(ConfigSourceContext context) {
        Optional<String> endpoint = value(context, "penstock.tracing.endpoint");
        Map<String, String> settings = endpoint.isEmpty()
                ? Map.of("quarkus.otel.sdk.disabled", "true")
                : Map.of(
                        "quarkus.otel.sdk.disabled", "false",
                        "quarkus.otel.exporter.otlp.traces.endpoint", endpoint.get(),
                        "quarkus.otel.exporter.otlp.traces.protocol",
                                value(context, "penstock.tracing.protocol").orElse("grpc"));
        return List.of(new PropertiesConfigSource(settings, "penstock.tracing", ORDINAL));
    }

    private static Optional<String> value(ConfigSourceContext context, String key) {
        ConfigValue value = context.getValue(key);
        return value == null
                ? Optional.empty()
                : Optional.ofNullable(value.getValue()).filter(text -> !text.isBlank());
    }
}
