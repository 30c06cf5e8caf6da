package dev.penstock.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard: Prometheus can read its queries, and no panel covers another. */
final class DashboardTest {
    private static final int COLUMNS = 24;

    private final Dashboard dashboard = Dashboard.read();

    DashboardTest() throws IOException {}

    @Test
    void prometheusReadsEveryQuery(@TempDir Path folder) throws Exception {
        Promtool.assumeInstalled();
        ObjectMapper json = new ObjectMapper();
        ObjectNode file = json.createObjectNode();
        ArrayNode rules =
                file.putArray("groups").addObject().put("name", "queries").putArray("rules");
        int number = 0;
        for (String query : dashboard.queries("5m").values()) {
            rules.addObject().put("record", "query:" + number++).put("expr", query);
        }
        // JSON is YAML, too.
        Path queries = Files.writeString(folder.resolve("queries.yml"), json.writeValueAsString(file));

        Promtool.passes("check", "rules", queries.toString());
    }

    @Test
    void everyQueryReadsOnlyWhatTheServiceExports() throws IOException {
        DocumentedMetrics metrics = DocumentedMetrics.read();

        assertThat(dashboard.queries("5m").values()).hasSizeGreaterThan(30).allSatisfy(metrics::assertExported);
    }

    @Test
    void everyPanelSaysWhatItShowsInWhichUnit() {
        assertThat(dashboard.json().path("panels"))
                .hasSizeGreaterThan(20)
                .filteredOn(panel -> !panel.path("type").asText().equals("row"))
                .allSatisfy(panel -> {
                    assertThat(panel.path("title").asText()).isNotBlank();
                    assertThat(panel.path("description").asText()).endsWith(".");
                    assertThat(panel.at("/fieldConfig/defaults/unit").asText()).isNotBlank();
                });
    }

    @Test
    void noPanelCoversAnother() {
        List<JsonNode> panels = new ArrayList<>();
        dashboard.json().path("panels").forEach(panels::add);

        assertThat(panels).allSatisfy(panel -> {
            JsonNode place = panel.path("gridPos");
            assertThat(place.path("x").asInt() + place.path("w").asInt()).isLessThanOrEqualTo(COLUMNS);
            assertThat(panels)
                    .filteredOn(other -> other != panel && overlap(place, other.path("gridPos")))
                    .as(panel.path("title").asText())
                    .isEmpty();
        });
        assertThat(panels).extracting(panel -> panel.path("id").asInt()).doesNotHaveDuplicates();
    }

    private static boolean overlap(JsonNode one, JsonNode other) {
        return overlap(one, other, "x", "w") && overlap(one, other, "y", "h");
    }

    private static boolean overlap(JsonNode one, JsonNode other, String from, String size) {
        return one.path(from).asInt()
                        < other.path(from).asInt() + other.path(size).asInt()
                && other.path(from).asInt()
                        < one.path(from).asInt() + one.path(size).asInt();
    }
}
