package dev.penstock.app;

import io.smallrye.config.ConfigMapping.NamingStrategy;
import io.smallrye.config.ConfigMappingInterface.Property;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.SmallRyeConfigBuilderCustomizer;
import io.smallrye.config.validator.BeanValidationConfigValidator;
import jakarta.validation.ConstraintViolation;
import jakarta.validation.Validator;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Words the errors of configuration at startup: each names the key as the operator writes it, the value and the allowed range. Found as a
 * service by the configuration library, which checks the constraints and reports all violations together.
 */
public final class ConfigErrors implements SmallRyeConfigBuilderCustomizer {
    static final String NOT_SHOWN = "a value that is not shown, since it may hold a secret";

    /** Last parts of keys whose values can contain a password. An error must not log it. */
    private static final Set<String> CAN_HOLD_SECRETS =
            Set.of("url", "jdbc-url", "jwks-url", "endpoint", "centres", "username", "password", "request-id-key");

    /** Each is a setting of Kafka's clients, such as {@code sasl.jaas.config}. */
    private static final String KAFKA_PROPERTIES = "penstock.kafka.properties";

    @Override
    public void configBuilder(SmallRyeConfigBuilder builder) {
        builder.withInterceptors(new UrlCheck());
        if (builder.getValidator() instanceof BeanValidationConfigValidator standard) {
            builder.withValidator(new Worded(standard.getValidator()));
        }
    }

    /** After Quarkus has set its own validator. */
    @Override
    public int priority() {
        return Integer.MAX_VALUE;
    }

    /** @param getValidator checks the constraints */
    record Worded(Validator getValidator) implements BeanValidationConfigValidator {
        @Override
        public String interpolateMessage(
                String path, NamingStrategy naming, Property property, ConstraintViolation<?> violation) {
            String standard = BeanValidationConfigValidator.super.interpolateMessage(path, naming, property, violation);
            String key = standard.substring(
                            0, standard.length() - violation.getMessage().length())
                    .strip();
            return ConfigRange.of(property.getMethod())
                    .map(range -> key + " must be " + range + ", was " + value(key, violation.getInvalidValue()))
                    .orElse(standard);
        }
    }

    /** @param key of a list perhaps with the place of an element, as in {@code penstock.worker.centres[0]} */
    static boolean canHoldSecrets(String key) {
        String last = key.replaceFirst("\\[\\d+]$", "").replaceFirst(".*\\.", "");
        return CAN_HOLD_SECRETS.contains(last) || key.startsWith(KAFKA_PROPERTIES);
    }

    private static String value(String key, @Nullable Object value) {
        // Where a URL can be written, what stands before an @ can be a password.
        if (canHoldSecrets(key) || String.valueOf(value).contains("@")) {
            return NOT_SHOWN;
        }
        return switch (value) {
            case null -> "not set";
            case Duration duration -> ConfigRange.text(duration);
            case String text -> '"' + text + '"';
            default -> String.valueOf(value);
        };
    }
}
