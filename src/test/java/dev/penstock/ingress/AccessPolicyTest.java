package dev.penstock.ingress;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.tenants.TenantsConfig;
import dev.penstock.threads.Faults;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Configurations of identity that are rejected at start. */
class AccessPolicyTest {
    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "192.0.2.7", "no.such.host.invalid"})
    void rejectsIdentityOffWhenOtherMachinesCanCall(String host) {
        assertThatThrownBy(() -> start(Map.of(), host, true))
                .hasMessageContaining("penstock.tenants.identity must be")
                .hasMessageContaining("quarkus.http.host is " + host)
                .hasMessageContaining("penstock.tenants.allow-anonymous=true");
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.0.0.1", "127.1.2.3", "::1"})
    void allowsIdentityOffOnALoopbackAddress(String host) {
        assertThatCode(() -> start(Map.of(), host, true)).doesNotThrowAnyException();
    }

    @Test
    void allowsIdentityOffWhenAnonymousCallersAreAllowed() {
        assertThatCode(() -> start(Map.of("penstock.tenants.allow-anonymous", "true"), "0.0.0.0", true))
                .doesNotThrowAnyException();
    }

    @Test
    void ignoresIdentityInAProcessThatTakesNoCalls() {
        assertThatCode(() -> start(Map.of("penstock.tenants.identity", "api-key"), "0.0.0.0", false))
                .doesNotThrowAnyException();
    }

    @Test
    void apiKeysNeedATenantsFile() {
        assertThatThrownBy(() -> start(Map.of("penstock.tenants.identity", "api-key"), "localhost", true))
                .hasMessageContaining("penstock.tenants.file must be set");
    }

    @Test
    void tokensNeedAnIssuerAnAudienceAndASecureAddressOfKeys() {
        Map<String, String> settings = new HashMap<>(Map.of("penstock.tenants.identity", "oidc"));
        assertThatThrownBy(() -> start(settings, "localhost", true))
                .hasMessageContaining("penstock.tenants.oidc.issuer must be set");
        settings.put("penstock.tenants.oidc.issuer", "https://issuer.test");
        assertThatThrownBy(() -> start(settings, "localhost", true))
                .hasMessageContaining("penstock.tenants.oidc.audience must be set");
        settings.put("penstock.tenants.oidc.audience", "penstock");
        assertThatThrownBy(() -> start(settings, "localhost", true))
                .hasMessageContaining("penstock.tenants.oidc.jwks-url must be set");
        settings.put("penstock.tenants.oidc.jwks-url", "http://issuer.test/keys");
        assertThatThrownBy(() -> start(settings, "localhost", true))
                .hasMessageContaining("penstock.tenants.oidc.jwks-url must be an https URL, or http on localhost");
    }

    private static void start(Map<String, String> settings, String host, boolean listens) {
        SmallRyeConfig config = new SmallRyeConfigBuilder()
                .withMapping(TenantsConfig.class)
                .withConverter(Duration.class, 200, new DurationConverter())
                .withSources(new PropertiesConfigSource(settings, "test", 300))
                .build();
        AccessPolicy.start(
                config.getConfigMapping(TenantsConfig.class),
                Optional.empty(),
                new SimpleMeterRegistry(),
                new Faults("ingress"),
                host,
                listens);
    }
}
