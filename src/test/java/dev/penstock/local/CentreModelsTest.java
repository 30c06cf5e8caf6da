package dev.penstock.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CentreModelsTest {
    private final HttpServer server;
    private final LocalFolder folder = LocalFolder.temporary("centre-models");
    private Headers asked = new Headers();
    private volatile int status = 200;
    private volatile String index = "";

    CentreModelsTest() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    }

    @BeforeEach
    void start() {
        server.createContext("/v2/repository/index", call -> {
            asked = call.getRequestHeaders();
            byte[] body = index.getBytes(UTF_8);
            call.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
            call.getResponseBody().write(body);
            call.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
        folder.close();
    }

    @Test
    void writesAModelForEachThatTheCentreServes(@TempDir Path keys) throws IOException {
        Path key = Files.writeString(keys.resolve("centre"), "secret\n");
        index = """
                [{"name": "ranker", "version": "1", "state": "READY"}, {"name": "ranker", "version": "2", "state": "READY"},
                {"name": "broken", "version": "1", "state": "UNAVAILABLE"}, {"name": "../escapes", "state": "READY"}]
                """;
        assertThat(CentreModels.write(url(), Optional.of(key), folder)).containsExactly("ranker");
        assertThat(asked.getFirst("Authorization")).isEqualTo("Bearer secret");
        assertThat(folder.resolve("ranker").resolve("model.yaml"))
                .hasContent("remote: {url: '" + url() + "', model: 'ranker', api_key_file: key}");
        assertThat(folder.resolve("ranker").resolve("key")).hasContent("secret");
    }

    @Test
    void saysWhatIsWrong() {
        index = "[]";
        refuses("serves no model");
        index = "no JSON";
        refuses("did not answer with a list of models");
        status = 401;
        refuses("answered with status 401 when asked for its models; name the file of its key");
        server.stop(0);
        refuses("does not answer");
    }

    private void refuses(String reason) {
        assertThatExceptionOfType(CannotStartException.class)
                .isThrownBy(() -> CentreModels.write(url(), Optional.empty(), folder))
                .withMessageContaining(reason);
    }

    private URI url() {
        return URI.create("http://localhost:" + server.getAddress().getPort());
    }
}
