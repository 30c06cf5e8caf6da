package dev.penstock.tenants;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Runs {@code ./penstock key} as a user does. */
class KeyCommandTest {
    @Test
    void printsAKeyOf256BitsAndItsHashForTheTenantsFile() throws IOException, InvalidTenantsException {
        List<String> lines = run();
        String key = lines.get(0).replaceFirst("key +", "");
        String hash = lines.get(1).replaceFirst("hash +", "");
        assertThat(key).matches("penstock_[A-Za-z0-9_-]{43}");
        Tenants tenants =
                TenantsReader.read("tenants: {a: {keys: [%s]}}".formatted(hash).getBytes(UTF_8));
        assertThat(tenants.withKey(key)).isPresent();
        assertThat(run()).doesNotContainAnyElementsOf(lines);
    }

    private static List<String> run() throws IOException {
        Process process = new ProcessBuilder("./penstock", "key")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        return new String(process.getInputStream().readAllBytes(), UTF_8)
                .lines()
                .toList();
    }
}
