package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.local.LocalStack;
import dev.penstock.samples.DigitsTable;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Processes whose system writes digits of its own. */
@Tag("long")
class LocaleIT {
    private static final Map<String, String> ARABIC =
            Map.of("JAVA_TOOL_OPTIONS", "-Duser.language=ar -Duser.country=EG");

    @Test
    void processesInAllLocalesServeTheSameRequests() throws Exception {
        String body = Digits.request(DigitsTable.load().heldOut().getFirst());
        int arabicPort = RoleProcess.freePort();
        int otherPort = RoleProcess.freePort();
        try (LocalStack stack = LocalStack.start();
                RoleProcess arabic = ingress(stack, arabicPort, ARABIC);
                RoleProcess other = ingress(stack, otherPort, Map.of());
                RoleProcess worker = role(stack, "worker", List.of(), ARABIC)) {
            Service there = service(arabicPort);
            Service here = service(otherPort);

            assertThat(there.post("/v2/models/digits/infer", body).status()).isEqualTo(200);
            assertThat(here.post("/v2/models/digits/infer", body).status()).isEqualTo(200);
            String location = there.post("/v2/models/digits/infer", body, "Prefer", "respond-async")
                    .header("Location");
            assertThat(here.get(location, "Prefer", "wait=30")
                            .json()
                            .path("status")
                            .asText())
                    .isEqualTo("succeeded");
            assertThat(here.get("/v2/models/digits").body())
                    .isEqualTo(there.get("/v2/models/digits").body());
        }
    }

    private static Service service(int port) {
        return new Service(URI.create("http://127.0.0.1:" + port)).awaitModel("digits");
    }

    private static RoleProcess ingress(LocalStack stack, int port, Map<String, String> environment) throws IOException {
        return role(
                stack, "ingress", List.of("--port", Integer.toString(port), "--redis", stack.redisUrl()), environment);
    }

    private static RoleProcess role(LocalStack stack, String role, List<String> more, Map<String, String> environment)
            throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "up",
                "--role",
                role,
                "--management-port",
                Integer.toString(RoleProcess.freePort()),
                "--kafka",
                stack.bootstrapServers()));
        arguments.addAll(more);
        return new RoleProcess(arguments, environment);
    }
}
