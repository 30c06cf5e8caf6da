package dev.penstock.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HealthCheckTest {
    @ParameterizedTest
    @CsvSource({"200,true", "503,false"})
    void onlyTheAnswerOfAHealthyServiceCounts(int status, boolean isHealthy) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/q/health/ready", call -> {
            call.sendResponseHeaders(status, -1);
            call.close();
        });
        server.start();
        try {
            assertThat(HealthCheck.isHealthy(address(server.getAddress().getPort())))
                    .isEqualTo(isHealthy);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void aServiceThatDoesNotListenIsNotHealthy() {
        assertThat(HealthCheck.isHealthy(address(1))).isFalse();
    }

    private static URI address(int port) {
        return URI.create("http://127.0.0.1:" + port + "/q/health/ready");
    }
}
