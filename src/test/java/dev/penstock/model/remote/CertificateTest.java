package dev.penstock.model.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.penstock.local.Certificates;
import dev.penstock.model.InferenceException;
import dev.penstock.model.config.RemoteSection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A centre is called at its own name only. */
class CertificateTest {
    private static final byte[] METADATA = "{}".getBytes(StandardCharsets.UTF_8);

    private static final String TRUST_STORE = "javax.net.ssl.trustStore";

    @TempDir
    Path folder;

    private final AtomicInteger calls = new AtomicInteger();

    @Test
    void asksACentreWhoseCertificateHasItsName() throws Exception {
        assertThat(askedWithCertificateOf("localhost")).isEqualTo(METADATA);
    }

    @Test
    void sendsNothingToACentreWhoseCertificateHasAnotherName() {
        assertThatExceptionOfType(InferenceException.class)
                .isThrownBy(() -> askedWithCertificateOf("other.example"))
                .matches(failed -> failed.kind() == InferenceException.Kind.UNAVAILABLE)
                .withMessageContaining("No subject alternative DNS name matching localhost found");
        assertThat(calls).hasValue(0);
    }

    private byte[] askedWithCertificateOf(String name) throws Exception {
        Path store = Certificates.make(folder.resolve(name + ".p12"), name);
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(Certificates.context(store)));
        server.createContext("/", call -> {
            calls.incrementAndGet();
            FakeCentre.of(200, METADATA).answer(call);
        });
        server.start();
        System.setProperty(TRUST_STORE, store.toString()); // as docs/edge.md has it
        System.setProperty(TRUST_STORE + "Password", Certificates.STORE_PASSWORD);
        URI url = URI.create("https://localhost:" + server.getAddress().getPort());
        RemoteSection section = new RemoteSection(
                url,
                "ranker",
                RemoteSection.Use.CENTRE,
                Optional.empty(),
                Duration.ofSeconds(20),
                Optional.empty(),
                1,
                METADATA.length,
                Optional.empty());
        try (CentreClient centre = new CentreClient(section, Optional.empty(), "calls fail", System::nanoTime)) {
            return centre.metadata();
        } finally {
            System.clearProperty(TRUST_STORE);
            System.clearProperty(TRUST_STORE + "Password");
            server.stop(0);
        }
    }
}
