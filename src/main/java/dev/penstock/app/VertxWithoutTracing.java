package dev.penstock.app;

import io.quarkus.micrometer.runtime.binder.vertx.VertxMeterBinderRecorder;
import io.quarkus.vertx.VertxOptionsCustomizer;
import io.vertx.core.VertxOptions;
import jakarta.inject.Singleton;

/**
 * Keeps OpenTelemetry out of Vert.x, which is on the way of every call: Penstock makes its own spans. Quarkus's extension would also put
 * meters of its own, which no registry shows, in the place of Micrometer's.
 */
@Singleton
final class VertxWithoutTracing implements VertxOptionsCustomizer {
    @Override
    public void accept(VertxOptions options) {
        options.setTracingOptions(null);
        new VertxMeterBinderRecorder().setVertxMetricsOptions().accept(options);
    }
}
