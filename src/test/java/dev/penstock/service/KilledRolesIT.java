package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.local.LocalStack;
import dev.penstock.samples.DigitsTable;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The only worker is first. Requests come through two ingresses and wait. One of the ingresses is killed too. Then it starts again, with
 * another worker. The story takes long to play, so it is played once, and each test looks at other requests of it.
 */
class KilledRolesIT {
    private static final List<DigitsTable.Row> ROWS = DigitsTable.load().heldOut();
    private static final String INFER = "/v2/models/digits/infer";
    private static final String BODY = Digits.request(ROWS.getFirst());
    private static final String[] ASYNC = {"Prefer", "respond-async"};
    private static final String[] KEYED = {"Idempotency-Key", "order-66"};
    private static final String[] KEYED_ASYNC = {"Idempotency-Key", "order-66", "Prefer", "respond-async"};

    private static final LocalStack stack = LocalStack.start();
    private static final List<RoleProcess> running = new ArrayList<>();
    /** Clients of the ingress that is killed and starts again, and of the one that second. */
    private static Service first;

    private static Service second;

    private static Service.Answer late;
    private static Service.Answer latePolled;
    private static Service.Answer keyed;
    private static Service.Answer refused;
    private static Service.Answer canWait;
    private static final List<Service.Answer> waiting = new ArrayList<>();

    @BeforeAll
    static void play() throws Exception {
        int port = RoleProcess.freePort();
        int otherPort = RoleProcess.freePort();
        first = new Service(URI.create("http://127.0.0.1:" + port));
        second = new Service(URI.create("http://127.0.0.1:" + otherPort));
        RoleProcess worker = start(RoleProcess.role("worker", stack));
        RoleProcess ingress = start(ingress(port));
        start(ingress(otherPort));
        for (Service service : List.of(first, second)) {
            service.awaitModel("digits");
            // An ingress that still loads classes is itself too slow for a short deadline, and responds 503.
            assertThat(service.post(INFER, BODY).status()).isEqualTo(200);
        }

        kill(worker);
        late = first.post(INFER, BODY, "Penstock-Timeout-Ms", "1000");
        latePolled = first.get(location(late));
        keyed = first.post(INFER, BODY, KEYED_ASYNC);
        for (DigitsTable.Row row : ROWS.subList(0, 100)) {
            waiting.add(first.post(INFER, Digits.request(row), ASYNC));
        }
        refused = await().until(
                        () -> second.post(INFER, BODY, "Penstock-Timeout-Ms", "200"), answer -> answer.status() == 503);
        canWait = second.post(INFER, BODY, ASYNC);

        kill(ingress);
        start(RoleProcess.role("worker", stack));
        start(ingress(port));
        first.awaitModel("digits");
    }

    @AfterAll
    static void stop() {
        running.forEach(RoleProcess::close);
        stack.close();
    }

    @Test
    void nothingThatWasAcceptedIsLost() {
        assertThat(waiting).allSatisfy(accepted -> assertThat(accepted.status()).isEqualTo(202));
        int right = 0;
        for (int i = 0; i < waiting.size(); i++) {
            JsonNode done =
                    first.get(location(waiting.get(i)), "Prefer", "wait=60").json();
            assertThat(done.path("status").asText()).isEqualTo("succeeded");
            right +=
                    done.at("/response/outputs/0/data/0").asInt() == ROWS.get(i).digit() ? 1 : 0;
        }
        assertThat(right).isGreaterThan(90);
    }

    @Test
    void anIdempotencyKeyIsRecognizedByTheIngressThatStartsAgain() {
        assertThat(keyed.status()).as(keyed.json().toString()).isEqualTo(202);
        Service.Answer synchronous = first.post(INFER, BODY, KEYED);
        assertThat(synchronous.status()).isEqualTo(200);
        assertThat(location(synchronous)).isEqualTo(keyed.header("Location"));
        Service.Answer again = first.post(INFER, BODY, KEYED_ASYNC);
        assertThat(again.status()).isEqualTo(200);
        assertThat(again.body()).isEqualTo(synchronous.body());
    }

    /** A killed worker withdraws nothing, so its models stay in the catalogue for a while, and calls end at their deadline. */
    @Test
    void aCallGets504AndAnyIngressAnswersPollsForItsLateOutcome() {
        ErrorTableTest.assertProblem(late, 504, "tag:penstock.dev,2026:problem/deadline-exceeded");
        assertThat(late.json().path("id").asText()).isEqualTo(late.header("Penstock-Request-Id"));
        assertThat(status(latePolled)).isEqualTo("queued");
        assertThat(status(second.get(location(late), "Prefer", "wait=60"))).isEqualTo("expired");
    }

    @Test
    void requestsThatWouldBeLateAreRefusedAndThoseThatCanWaitAreAccepted() {
        ErrorTableTest.assertProblem(
                refused, 503, "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity");
        assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 60);
        assertThat(canWait.status()).isEqualTo(202);
        assertThat(status(second.get(location(canWait), "Prefer", "wait=60"))).isEqualTo("succeeded");
        await().until(() -> second.post(INFER, BODY), answer -> answer.status() == 200);
    }

    private static RoleProcess ingress(int port) throws IOException {
        return RoleProcess.role("ingress", stack, "--port", Integer.toString(port), "--redis", stack.redisUrl());
    }

    private static RoleProcess start(RoleProcess process) {
        running.add(process);
        return process;
    }

    private static void kill(RoleProcess process) throws InterruptedException {
        running.remove(process);
        process.kill();
    }

    private static String location(Service.Answer answer) {
        return "/v2/requests/" + answer.header("Penstock-Request-Id");
    }

    private static String status(Service.Answer polled) {
        return polled.json().path("status").asText();
    }
}
