package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.alerts.AlertRules;
import dev.penstock.alerts.Dashboard;
import dev.penstock.alerts.MetricNames;
import io.quarkus.test.common.http.TestHTTPResource;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Alerts and dashboard read only metrics that the service exports. */
@WholeService
class MonitoringTest {
    private static final Pattern EXPORTED = Pattern.compile("(?m)^[a-zA-Z_:][\\w:]*");

    /** Metrics of what this service lacks: a GPU, a tenants file. */
    private static final Set<String> ELSEWHERE =
            Set.of("gpu_utilization", "gpu_memory_used_ratio", "inference_tenants_file_broken");

    @TestHTTPResource(value = "metrics", management = true)
    URI metrics = URI.create("http://localhost"); // injected

    @Test
    void everyMetricOfAnAlertIsExported() throws IOException {
        assertThat(AlertRules.source()
                        .expressions()
                        .flatMap(MetricNames::in)
                        .filter(name -> !name.startsWith("penstock:")))
                .isNotEmpty()
                .isSubsetOf(exported());
    }

    @Test
    void everyMetricOfTheDashboardIsExported() throws IOException {
        assertThat(Dashboard.read().queries("5m").values().stream().flatMap(MetricNames::in))
                .isNotEmpty()
                .isSubsetOf(exported());
    }

    @Test
    void metricsOfWhatIsNotHereAreDocumented() throws IOException {
        assertThat(Files.readString(Path.of("docs/metrics.md")))
                .contains(ELSEWHERE.stream().map(name -> "| `" + name + "` |").toList());
    }

    private Set<String> exported() {
        Service.underTest().awaitModel("digits").awaitModel(TestModels.LOOKED_UP);
        String page = new String(new Service(metrics).get(metrics.getPath()).body(), UTF_8);
        Set<String> names = new TreeSet<>(ELSEWHERE);
        Stream<String> found = EXPORTED.matcher(page).results().map(match -> match.group());
        found.forEach(names::add);
        return names;
    }
}
