package dev.penstock.alerts;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The dashboard for Grafana. */
public final class Dashboard {
    static final Path FILE = Path.of("kubernetes/monitoring/dashboard.json");

    private final JsonNode json;

    private Dashboard(JsonNode json) {
        this.json = json;
    }

    public static Dashboard read() throws IOException {
        return new Dashboard(new ObjectMapper().readTree(Files.readString(FILE)));
    }

    JsonNode json() {
        return json;
    }

    /**
     * Every query as Prometheus gets it, by panel and letter.
     *
     * @param interval stands for Grafana's own choice, such as {@code 5m}
     */
    public Map<String, String> queries(String interval) {
        Map<String, String> queries = new LinkedHashMap<>();
        for (JsonNode panel : json.path("panels")) {
            for (JsonNode target : panel.path("targets")) {
                queries.put(
                        panel.path("title").asText() + ", "
                                + target.path("refId").asText(),
                        target.path("expr")
                                .asText()
                                .replace("$__rate_interval", interval)
                                .replace("$__range", interval)
                                .replace("$model", ".*"));
            }
        }
        return queries;
    }
}
