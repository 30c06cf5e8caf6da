package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.eclipse.microprofile.config.ConfigProvider;

/** An HTTP client of the service under test. It asks for problem documents, unless it is told what to accept. */
final class Service {
    static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http;
    private final URI base;

    Service(URI base) {
        this(base, HttpClient.newBuilder());
    }

    private Service(URI base, HttpClient.Builder http) {
        this.base = base;
        this.http = http.version(HttpClient.Version.HTTP_1_1).build();
    }

    /** A client that trusts what this context does. */
    static Service overTls(URI base, SSLContext trust) {
        return new Service(base, HttpClient.newBuilder().sslContext(trust));
    }

    /** Enough for three JVMs that start at the same time on a busy machine with two cores. */
    private static final Duration START_LIMIT = Duration.ofMinutes(4);

    /** A client of the service in this JVM, whose ingress takes calls. */
    static Service underTest() {
        Service service = new Service(ConfigProvider.getConfig().getValue("test.url", URI.class));
        await().atMost(START_LIMIT).until(() -> service.get("/v2").status() != 503);
        return service;
    }

    Service awaitModel(String model) {
        await().atMost(START_LIMIT)
                .ignoreExceptionsInstanceOf(UncheckedIOException.class) // the port may not be open yet
                .untilAsserted(() -> {
                    Answer ready = get("/v2/models/" + model + "/ready");
                    assertThat(ready.status())
                            .as(new String(ready.body(), UTF_8))
                            .isEqualTo(200);
                });
        return this;
    }

    /** @param headers name, value, name, value … */
    Answer post(String path, byte[] body, String... headers) {
        return send("POST", path, HttpRequest.BodyPublishers.ofByteArray(body), headers);
    }

    Answer post(String path, String body, String... headers) {
        return post(path, body.getBytes(UTF_8), headers);
    }

    Answer get(String path, String... headers) {
        return send("GET", path, HttpRequest.BodyPublishers.noBody(), headers);
    }

    Answer send(String method, String path, HttpRequest.BodyPublisher body, String... headers) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(base.resolve(path)).method(method, body).timeout(Duration.ofSeconds(70));
        if (headers.length > 0) {
            request.headers(headers);
        }
        if (List.of(headers).stream().noneMatch("Accept"::equalsIgnoreCase)) {
            request.header("Accept", "*/*, application/problem+json");
        }
        try {
            return new Answer(http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray()));
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        } catch (InterruptedException stopped) {
            throw new IllegalStateException(stopped);
        }
    }

    /** A response. */
    record Answer(HttpResponse<byte[]> response) {
        int status() {
            return response.statusCode();
        }

        byte[] body() {
            return response.body();
        }

        String text() {
            return new String(response.body(), UTF_8);
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }

        JsonNode json() {
            try {
                return JSON.readTree(response.body());
            } catch (IOException broken) {
                throw new UncheckedIOException(new String(response.body(), UTF_8), broken);
            }
        }
    }
}
