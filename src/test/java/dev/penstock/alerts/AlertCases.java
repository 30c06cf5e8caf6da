package dev.penstock.alerts;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/**
 * The cases of cases.yml as a test file of promtool. A case that fires is looked at when its time has come, and a minute before that, when the
 * trouble was too short. A silent one is looked at when it would fire if it were above the limit, and once more after the same time.
 */
final class AlertCases {
    private static final Duration STEP = Duration.ofMinutes(1);
    private static final Duration SPARE = Duration.ofMinutes(10);
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    private final JsonNode cases;

    private AlertCases(JsonNode cases) {
        this.cases = cases;
    }

    static AlertCases read() throws IOException {
        return new AlertCases(YAML.readTree(Files.readString(Path.of("src/test/resources/alerts/cases.yml"))));
    }

    /** Of one alert: {@code labels}, with which it fires, and {@code cases}. */
    JsonNode of(JsonNode alert) {
        return cases.path(alert.path("alert").asText());
    }

    /** @param ruleFile relative to the test file */
    String testFile(JsonNode alert, String ruleFile) throws IOException {
        ObjectNode file = YAML.createObjectNode();
        file.putArray("rule_files").add(ruleFile);
        file.put("evaluation_interval", seconds(STEP));
        ArrayNode tests = file.putArray("tests");
        of(alert).path("cases").forEach(each -> add(tests, alert, each));
        return YAML.writeValueAsString(file);
    }

    private void add(ArrayNode tests, JsonNode alert, JsonNode each) {
        boolean fires = each.has("fires");
        String name = alert.path("alert").asText();
        Duration wait = AlertRules.wait(alert);
        Duration due = Duration.parse("PT" + each.path("from").asText("0m").toUpperCase(Locale.ROOT))
                .plus(wait);
        ObjectNode test = tests.addObject();
        test.put("name", name + ": " + each.path(fires ? "fires" : "silent").asText());
        test.put("interval", seconds(STEP));
        ArrayNode series = test.putArray("input_series");
        long steps = due.plus(wait).plus(SPARE).dividedBy(STEP);
        each.path("series")
                .properties()
                .forEach(one -> series.addObject()
                        .put("series", one.getKey())
                        .put("values", values(one.getValue().asText(), steps)));
        ArrayNode looks = test.putArray("alert_rule_test");
        ObjectNode labels = YAML.createObjectNode();
        labels.setAll((ObjectNode) alert.path("labels"));
        labels.setAll((ObjectNode) of(alert).path("labels"));
        if (fires) {
            look(looks, name, due).addObject().set("exp_labels", labels);
            if (due.compareTo(STEP) >= 0) {
                look(looks, name, due.minus(STEP));
            }
        } else {
            look(looks, name, due);
            look(looks, name, due.plus(wait));
        }
    }

    /** Returns the alerts that are expected at that time, none as yet. */
    private static ArrayNode look(ArrayNode looks, String name, Duration when) {
        ObjectNode look = looks.addObject();
        return look.put("eval_time", seconds(when)).put("alertname", name).putArray("exp_alerts");
    }

    /** A number stays what it is, "0+5" rises by 5 a minute, and what has an x says itself how long it is. */
    private static String values(String given, long steps) {
        if (given.contains("x")) {
            return given;
        }
        return given + (given.contains("+") ? "" : "+0") + "x" + steps;
    }

    private static String seconds(Duration duration) {
        return duration.toSeconds() + "s";
    }
}
