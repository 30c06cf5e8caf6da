package dev.penstock.ingress.console;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;

/** The console, a page at {@code /} of the ingress. See docs/console.md. */
@ConfigMapping(prefix = "penstock.console")
public interface ConsoleConfig {
    /**
     * Serves the console. {@code ./penstock up} switches it on. It is off otherwise, because the page shows every caller how busy the
     * service is; with {@code penstock.tenants.identity} set, only callers with a credential see that, each for the models that it may use.
     */
    @WithDefault("false")
    boolean enabled();

    /** How many pages can be open at once. Further ones are refused with 503. Each costs a connection and a few kilobytes a second. */
    @WithDefault("20")
    @Min(1) @Max(1000) int maxViewers();
}
