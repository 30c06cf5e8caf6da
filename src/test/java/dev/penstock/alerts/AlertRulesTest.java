package dev.penstock.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Holds the rule files current, and each alert complete and right. {@code -Dpenstock.write-rules=true} writes the files. */
final class AlertRulesTest {
    private static final String CURE = "not current; write it with kubernetes/monitoring/generate";

    private final AlertRules rules = AlertRules.source();
    private final AlertCases cases = AlertCases.read();

    AlertRulesTest() throws IOException {}

    @Test
    void theFilesSayWhatTheSourceSays() throws IOException {
        String plain = rules.plain();
        String forTheOperator = rules.forTheOperator();
        if (Boolean.getBoolean("penstock.write-rules")) {
            Files.writeString(AlertRules.PLAIN, plain);
            Files.writeString(AlertRules.FOR_THE_OPERATOR, forTheOperator);
        }

        assertThat(AlertRules.PLAIN).as(CURE).content().isEqualTo(plain);
        assertThat(AlertRules.FOR_THE_OPERATOR).as(CURE).content().isEqualTo(forTheOperator);
    }

    @Test
    void eachAlertSaysHowBadItIsAndWhatItMeans() {
        assertThat(rules.alerts()).hasSizeGreaterThan(20).allSatisfy(alert -> {
            assertThat(alert.at("/labels/severity").asText()).isIn("critical", "warning", "info");
            assertThat(alert.at("/annotations/summary").asText()).isNotBlank().doesNotEndWith(".");
            assertThat(alert.at("/annotations/description").asText()).endsWith(".");
        });
    }

    /** Templates may name only labels that the alert has. */
    @Test
    void textsNameLabelsThatTheAlertHas() {
        Pattern label = Pattern.compile("\\$labels\\.(\\w+)");
        rules.alerts()
                .forEach(alert -> assertThat(
                                label.matcher(alert.path("annotations").toString())
                                        .results())
                        .as(alert.path("alert").asText())
                        .extracting(found -> found.group(1))
                        .allMatch(cases.of(alert).path("labels")::has, "a label of the case"));
    }

    @Test
    void theRunbookHasASectionWithACommandForEachAlertAndNoOther() throws IOException {
        String[] sections = Files.readString(Path.of("docs/runbook.md")).split("\n### ");
        List<String> headings = Arrays.stream(sections)
                .skip(1)
                .map(section -> section.lines().findFirst().orElseThrow())
                .toList();

        assertThat(headings).containsExactlyElementsOf(names());
        assertThat(Arrays.stream(sections).skip(1))
                .allSatisfy(section -> assertThat(section).containsPattern("(?m)^    \\S"));
        assertThat(rules.alerts())
                .allSatisfy(alert -> assertThat(
                                alert.at("/annotations/runbook_url").asText())
                        .endsWith("runbook.md#" + alert.path("alert").asText().toLowerCase(Locale.ROOT)));
    }

    @Test
    void eachAlertHasCasesThatFireAndThatAreSilent() {
        assertThat(rules.alerts()).allSatisfy(alert -> {
            List<JsonNode> own = cases.of(alert).path("cases").findParents("series");
            assertThat(own).anyMatch(each -> each.has("fires")).anyMatch(each -> each.has("silent"));
        });
    }

    @Test
    void everyRuleReadsOnlyWhatTheServiceExports() throws IOException {
        DocumentedMetrics metrics = DocumentedMetrics.read();

        rules.expressions().forEach(metrics::assertExported);
    }

    @Test
    void prometheusReadsTheFile() throws Exception {
        Promtool.assumeInstalled();

        Promtool.passes("check", "rules", "--lint-fatal", AlertRules.PLAIN.toString());
    }

    @Test
    void alertsFireWhenTheyMustAndAreSilentJustBelowAndForJustTooShort(@TempDir Path folder) throws Exception {
        Promtool.assumeInstalled();
        List<String> command = new ArrayList<>(List.of("test", "rules"));
        for (JsonNode alert : rules.alerts().toList()) {
            String name = alert.path("alert").asText();
            Path own = Files.writeString(
                    folder.resolve(name + ".rules.yml"), rules.forTestOf(alert).plain());
            Path tests = Files.writeString(
                    folder.resolve(name + ".tests.yml"),
                    cases.testFile(alert, own.getFileName().toString()));
            command.add(tests.toString());
        }

        Promtool.passes(command.toArray(String[]::new));
    }

    private List<String> names() {
        return rules.alerts().map(alert -> alert.path("alert").asText()).toList();
    }

    @Test
    void shortenedRulesAreTheSameWithShorterTimes() throws IOException {
        Stream<String> times = rules.shortened(60).plain().lines().filter(line -> line.contains("for: "));

        assertThat(times).contains("        for: 5000ms");
        assertThat(rules.shortened(60).plain())
                .contains("inference_latency_seconds_bucket[5000ms]", "penstock:requests_lost:ratio_rate3d")
                .contains("[4320000ms]")
                .doesNotContain("[5m]");
    }
}
