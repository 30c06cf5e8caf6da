package dev.penstock.model.remote;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.model.config.RemoteSection;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** An edge whose JVM has a proxy calls its centre through it. */
class CentreProxyTest {
    private static final byte[] METADATA = "{}".getBytes(UTF_8);
    private static final String HOST = "http.proxyHost";
    private static final String PORT = "http.proxyPort";

    @Test
    void callsGoThroughTheProxyOfTheJvm() throws Exception {
        try (FakeCentre proxy = new FakeCentre()) {
            proxy.behaviour = FakeCentre.of(200, METADATA);
            System.setProperty(HOST, proxy.url().getHost());
            System.setProperty(PORT, Integer.toString(proxy.url().getPort()));
            RemoteSection section = new RemoteSection(
                    URI.create("http://centre.example:8080"),
                    "ranker",
                    RemoteSection.Use.CENTRE,
                    Optional.empty(),
                    Duration.ofSeconds(20),
                    Optional.empty(),
                    1,
                    1000,
                    Optional.empty());
            try (CentreClient centre = new CentreClient(section, Optional.empty(), "calls fail", System::nanoTime)) {
                assertThat(centre.metadata()).isEqualTo(METADATA);
            }
            assertThat(proxy.calls)
                    .singleElement()
                    .satisfies(call -> assertThat(call.getFirst("Host")).isEqualTo("centre.example:8080"));
        } finally {
            System.clearProperty(HOST);
            System.clearProperty(PORT);
        }
    }
}
