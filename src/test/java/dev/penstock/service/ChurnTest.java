package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.samples.ChurnTable;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The sample model that looks features up, from a customer's id to the response. */
@WholeService
class ChurnTest {
    private static final String INFER = "/v2/models/churn/infer";

    private Service service;

    @BeforeEach
    void connect() {
        service = Service.underTest().awaitModel("churn");
    }

    @Test
    void needsOnlyACustomersId() {
        assertThat(service.get("/v2/models/churn").json().path("inputs").toString())
                .isEqualTo("[{\"name\":\"customer_id\",\"datatype\":\"INT64\",\"shape\":[-1]}]");
    }

    @Test
    void anIdGivesTheSameAnswerAsItsValues() {
        List<ChurnTable.Row> rows = ChurnTable.load().heldOut().subList(0, 40);

        Service.Answer byId = service.post(INFER, ids(rows));

        assertThat(byId.status()).isEqualTo(200);
        assertThat(byId.json().at("/parameters/features").asText()).isEqualTo("fresh");
        assertThat(byId.json().path("outputs"))
                .isEqualTo(service.post(INFER, values(rows)).json().path("outputs"));
        assertThat(rightAnswers(rows, byId.json().at("/outputs/0/data"))).isGreaterThanOrEqualTo(34);
    }

    @Test
    void failsForUnknownCustomers() {
        Service.Answer answer = service.post(INFER, ids("5001"));
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.json().path("detail").asText()).contains("has no entity '5001'");
    }

    private static int rightAnswers(List<ChurnTable.Row> rows, JsonNode leaves) {
        int right = 0;
        for (int i = 0; i < rows.size(); i++) {
            right += leaves.path(i).asBoolean() == rows.get(i).left() ? 1 : 0;
        }
        return right;
    }

    private static String ids(List<ChurnTable.Row> rows) {
        return ids(rows.stream().map(row -> Long.toString(row.id())).collect(Collectors.joining(",")));
    }

    private static String ids(String ids) {
        return "{\"inputs\":[{\"name\":\"customer_id\",\"datatype\":\"INT64\",\"shape\":[%d],\"data\":[%s]}]}"
                .formatted(ids.split(",", -1).length, ids);
    }

    private static String values(List<ChurnTable.Row> rows) {
        int features = ChurnTable.FEATURES.size();
        StringBuilder values = new StringBuilder();
        for (ChurnTable.Row row : rows) {
            for (int i = 0; i < features; i++) {
                values.append(values.isEmpty() ? "" : ",").append(row.feature(i));
            }
        }
        return "{\"inputs\":[{\"name\":\"customer\",\"datatype\":\"FP32\",\"shape\":[%d,%d],\"data\":[%s]}]}"
                .formatted(rows.size(), features, values);
    }
}
