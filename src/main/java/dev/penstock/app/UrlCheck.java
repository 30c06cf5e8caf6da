package dev.penstock.app;

import io.smallrye.config.ConfigSourceInterceptor;
import io.smallrye.config.ConfigSourceInterceptorContext;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.Priorities;
import jakarta.annotation.Priority;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Refuses a URL that nobody can read before anybody tries to: the errors of those who would try show the whole of it, password included. And
 * refuses a URL of Redis that its client would take to mean another server. Thread-safe.
 */
@Priority(Priorities.APPLICATION + 900) // Outside of all others, so that it sees what they made of a value.
final class UrlCheck implements ConfigSourceInterceptor {
    private static final Pattern REDIS = Pattern.compile("(penstock|penstock\\.features)\\.redis\\.url");

    /** Quarkus reads the keys above under these names. */
    private static final Pattern REDIS_OF_QUARKUS = Pattern.compile("quarkus\\.redis\\.([^.]+\\.)?hosts");

    private static final Pattern HTTP =
            Pattern.compile("penstock\\.(tracing\\.endpoint|tenants\\.oidc\\.jwks-url|features\\.sources\\..+\\.url)");

    private static final Set<String> REDIS_SCHEMES = Set.of("redis", "rediss");
    private static final String HARMLESS = "redis://localhost:6379";
    private static final int MOST_PORT = 65_535;

    private static final String ESCAPES =
            ", where a user or password has %-escapes for all but letters, digits and -._~, was "
                    + ConfigErrors.NOT_SHOWN;

    /** A rule and what breaks it, without the value. Its text is its message, since that is what the report of all mistakes has. */
    @SuppressWarnings("OverrideThrowableToString")
    private static final class Unreadable extends RuntimeException {
        private static final long serialVersionUID = 1;

        Unreadable(String key, String rule) {
            super(key + " must be " + rule + ESCAPES, null, false, false);
        }

        @Override
        public String toString() {
            return String.valueOf(getMessage());
        }
    }

    @Override
    public ConfigValue getValue(ConfigSourceInterceptorContext context, String name) {
        ConfigValue value = context.proceed(name);
        if (value == null || value.getValue() == null || isUnexpanded(value.getValue())) {
            return value;
        }
        boolean isRedisOfQuarkus = REDIS_OF_QUARKUS.matcher(name).matches();
        if (isRedisOfQuarkus || REDIS.matcher(name).matches()) {
            if (Arrays.stream(value.getValue().split(",")).allMatch(UrlCheck::isOfRedis)) {
                return value;
            }
            // The mistake is reported once, under the name that the operator knows.
            if (isRedisOfQuarkus && isFromOurs(context, value)) {
                return value.withValue(HARMLESS);
            }
            throw new Unreadable(name, "a URL such as redis://user:password@host:6379/0");
        }
        if (HTTP.matcher(name).matches() && !isUrl(value.getValue())) {
            throw new Unreadable(name, "an http or https URL");
        }
        return value;
    }

    /** The build reads values as they are written. What they become is checked when the service starts. */
    private static boolean isUnexpanded(String text) {
        return text.contains("${");
    }

    private static boolean isFromOurs(ConfigSourceInterceptorContext context, ConfigValue value) {
        for (String key : List.of("penstock.redis.url", "penstock.features.redis.url")) {
            ConfigValue ours = context.proceed(key);
            if (ours != null && value.getValue().equals(ours.getValue())) {
                return true;
            }
        }
        return false;
    }

    private static boolean isUrl(String text) {
        try {
            new URI(text.strip());
            return true;
        } catch (URISyntaxException broken) {
            return false;
        }
    }

    /** Of a URL whose host it cannot read, the client takes the default host. Other schemes are refused by the constraint of the key. */
    private static boolean isOfRedis(String text) {
        if (!isUrl(text)) {
            return false;
        }
        URI url = URI.create(text.strip());
        return !REDIS_SCHEMES.contains(String.valueOf(url.getScheme()))
                || (url.getHost() != null
                        && url.getPort() <= MOST_PORT
                        && url.getPath().matches("(/\\d*)?")
                        && url.getFragment() == null);
    }
}
