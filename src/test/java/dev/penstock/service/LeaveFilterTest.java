package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ingress.http.LeaveFilter;
import io.vertx.core.Vertx;
import io.vertx.core.http.GoAway;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.Router;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Clients of an ingress that stops are told to use another connection, and get their answers. */
@WholeService
class LeaveFilterTest {
    private final Vertx vertx = Vertx.vertx();
    private int port;

    @BeforeEach
    void serve() throws Exception {
        Router router = Router.router(vertx);
        router.route().handler(call -> {
            LeaveFilter.sendElsewhere(call);
            call.response().end("served");
        });
        HttpServer server = within(vertx.createHttpServer()
                .requestHandler(router)
                .listen(0, "127.0.0.1")
                .toCompletionStage());
        port = server.actualPort();
    }

    @AfterEach
    void close() throws Exception {
        within(vertx.close().toCompletionStage());
    }

    @Test
    void aResponseClosesItsConnection() throws Exception {
        HttpClientResponse response = call(new HttpClientOptions(), new CompletableFuture<>());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.getHeader("Connection")).isEqualTo("close");
    }

    @Test
    void inHttp2TheConnectionTakesNoMoreCalls() throws Exception {
        CompletableFuture<GoAway> goneAway = new CompletableFuture<>();
        HttpClientResponse response = call(
                new HttpClientOptions().setProtocolVersion(HttpVersion.HTTP_2).setHttp2ClearTextUpgrade(false),
                goneAway);
        assertThat(response.version()).isEqualTo(HttpVersion.HTTP_2);
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(within(goneAway).getErrorCode()).isZero();
    }

    private HttpClientResponse call(HttpClientOptions options, CompletableFuture<GoAway> goneAway) throws Exception {
        return within(vertx.createHttpClient(options)
                .request(HttpMethod.GET, port, "127.0.0.1", "/")
                .compose(request -> {
                    if (request.version() == HttpVersion.HTTP_2) {
                        request.connection().goAwayHandler(goneAway::complete);
                    }
                    return request.send();
                })
                .compose(response -> response.body().map(response))
                .toCompletionStage());
    }

    private static <T> T within(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
