package dev.penstock.tenants;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.protocol.Lane;
import dev.penstock.tenants.quota.Quota;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TenantsReaderTest {
    /** The SHA-256 of the key "secret". */
    private static final String HASH = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

    @Test
    void readsAllSettingsOfATenant() throws Exception {
        Tenants tenants = read("""
                tenants:
                  billing:
                    keys: [%s]
                    models: [digits]
                    lanes: [bulk]
                    weight: 3
                    quota:
                      requests_per_second: 5
                      rows_per_second: 50
                      row_burst: 70
                      open_requests: 3
                """.formatted(HASH));
        Tenant billing = tenants.withKey("secret").orElseThrow();
        assertThat(billing.name()).isEqualTo("billing");
        assertThat(billing.mayUse("digits")).isTrue();
        assertThat(billing.mayUse("churn")).isFalse();
        assertThat(billing.lanes()).containsExactly(Lane.BULK);
        assertThat(billing.weight()).isEqualTo(3);
        assertThat(billing.quota()).contains(new Quota(5, 10, 50, 70, OptionalInt.of(3)));
        assertThat(tenants.named("billing")).contains(billing);
        assertThat(tenants.withKey("Secret")).isEmpty();
    }

    @Test
    void aTenantWithoutSettingsMayUseEverythingWithinTheDefaultQuota() throws Exception {
        Tenant tenant = read("tenants: {a: {}}").named("a").orElseThrow();
        assertThat(tenant.mayUse("any")).isTrue();
        assertThat(tenant.lanes()).containsExactlyInAnyOrder(Lane.values());
        assertThat(tenant.weight()).isEqualTo(1);
        assertThat(tenant.quota()).contains(new Quota(100, 200, 10_000, 20_000, OptionalInt.of(10_000)));
        assertThat(tenant.tag()).isNotEqualTo(Tenant.ANONYMOUS_TAG);
    }

    @Test
    void onlyUnlimitedTenantsHaveNoQuota() throws Exception {
        assertThat(read("tenants: {a: {quota: {unlimited: true}}}")
                        .named("a")
                        .orElseThrow()
                        .quota())
                .isEmpty();
    }

    @Test
    void aTenantMayHaveSeveralKeysForRotation() throws Exception {
        Tenants tenants = read("tenants: {a: {keys: [%s, %s]}}".formatted(HASH, "0".repeat(64)));
        assertThat(tenants.withKey("secret").orElseThrow().name()).isEqualTo("a");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ` `                                              | the file must be
            tenants:                                         | tenants must be a mapping
            []                                               | the file must be a mapping with the one key tenants
            tenant: {}                                       | tenant is unknown; known keys: tenants
            tenants: {a: {}, a: {}}                          | must be valid YAML: Duplicate field 'a'
            tenants: {a: }                                   | tenants.a must be a mapping
            tenants: {a: {key: []}}                          | tenants.a.key is unknown; known keys:
            tenants: {../a: {}}                              | tenants.../a must have a name that matches
            tenants: {a: {keys: secret}}                     | tenants.a.keys must be a list
            tenants: {a: {keys: [secret]}}                   | tenants.a.keys must be SHA-256 hashes of 64 hexadecimal digits
            tenants: {a: {keys: [null]}}                     | tenants.a.keys
            tenants: {a: {lanes: [fast]}}                    | tenants.a.lanes must be interactive or bulk, was "fast"
            tenants: {a: {weight: 0}}                        | tenants.a.weight must be in 1..1000, was 0
            tenants: {a: {weight: 1.5}}                      | tenants.a.weight must be a whole number
            tenants: {a: {quota: {requests_per_second: 0}}}  | tenants.a.quota requestsPerSecond must be above 0
            tenants: {a: {quota: {open_requests: 0}}}        | tenants.a.quota openRequests must be in 1..1000000, was 0
            tenants: {a: {quota: {row_burst: many}}}         | tenants.a.quota.row_burst must be a whole number
            tenants: {a: {quota: {unlimited: true, row_burst: 1}}} | tenants.a.quota must not set limits when unlimited is true
            tenants: {a: {                                   | must be valid YAML
            """)
    void namesTheFieldAndTheRule(String yaml, String message) {
        assertThatThrownBy(() -> read(yaml))
                .isInstanceOf(InvalidTenantsException.class)
                .hasMessageContaining(message);
    }

    @Test
    void rejectsAKeyOfTwoTenants() {
        assertThatThrownBy(() -> read("tenants: {a: {keys: [%s]}, b: {keys: [%s]}}".formatted(HASH, HASH)))
                .hasMessage("tenants.b.keys must be unique: no key may appear twice, in one tenant or in two");
    }

    @Test
    void rejectsTwoTenantsWithTheSameTag() {
        Map<Integer, String> names = new HashMap<>();
        int i = 0;
        while (names.putIfAbsent(ApiKeyHash.tagOf("t" + i), "t" + i) == null) {
            i++;
        }
        String other = names.get(ApiKeyHash.tagOf("t" + i));
        String yaml = "tenants: {%s: {}, t%d: {}}".formatted(other, i);
        assertThatThrownBy(() -> read(yaml))
                .hasMessageContaining("tenants.t" + i + " must have a name")
                .hasMessageContaining("They equal those of " + other)
                .hasMessageContaining("Change one of the names");
    }

    private static Tenants read(String yaml) throws InvalidTenantsException {
        return TenantsReader.read(yaml.getBytes(UTF_8));
    }
}
