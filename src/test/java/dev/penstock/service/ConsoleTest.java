package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.penstock.samples.DigitsTable;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The console in a real browser. {@code -Dconsole.screenshots=FOLDER} keeps pictures. */
@WholeService
class ConsoleTest {
    private static final String SEVEN =
            Digits.request(DigitsTable.load().heldOut().getFirst());

    private static final int ROWS_OF_A_CALL = 8;
    private static final Pattern NUMBER = Pattern.compile("\\d+(\\.\\d+)?");

    private final Service service = Service.underTest().awaitModel("digits");
    private Optional<Chromium> started = Optional.empty();

    @BeforeEach
    void open() throws IOException {
        Optional<Path> executable = Chromium.installed();
        assumeTrue(executable.isPresent(), "no Chromium on the PATH: the console is not tested");
        Chromium browser = Chromium.start(executable.get());
        started = Optional.of(browser);
        browser.show(1280, 900, false);
        browser.open(ConfigProvider.getConfig().getValue("test.url", URI.class));
        await().until(() -> browser.evaluate("document.getElementById('link')?.innerText")
                .asText()
                .equals("live"));
    }

    @AfterEach
    void close() {
        started.ifPresent(Chromium::close);
    }

    @Test
    void showsTheCallsOfOthersAsTheyCome() {
        Chromium browser = browser();
        await().until(() -> {
            service.post("/v2/models/digits/infer", SEVEN);
            return !browser.text("offered").equals("0")
                    && !browser.text("answers").equals("0");
        });
        await().until(() -> browser.text("p99").endsWith("ms"));
        await().until(() -> browser.text("verdict").contains("bottleneck"));
        assertThat(browser.text("models")).contains("digits").contains("ready");
        assertThat(browser.text("workers")).contains("partitions");
        assertThat(browser.errors()).isEmpty();
    }

    @Test
    void tellsADrawnDigitAndWhereItsTimeWent() {
        Chromium browser = browser();
        awaitVisible("pad");

        browser.click("example");
        await().until(() -> browser.text("digit-answer").startsWith("7"));
        assertThat(browser.text("digit-timings"))
                .contains("queue", "features", "compute", "batch of", "1 row", "whole way");

        browser.click("clear");
        browser.draw("pad", new double[] {0.5, 0.1}, new double[] {0.5, 0.5}, new double[] {0.5, 0.9});
        await().until(() -> browser.text("digit-answer").matches("(?s)\\d.*"));
        assertThat(browser.errors()).isEmpty();
    }

    @Test
    void callsAnyModelByAFormOfItsMetadata() {
        Chromium browser = browser();
        await().until(() -> browser.text("inputs").contains("Values of"));
        browser.evaluate("(s => {s.value = 'digits'; s.dispatchEvent(new Event('change'))})"
                + "(document.getElementById('called'))");
        await().until(() -> browser.text("inputs").contains("Values of pixels"));
        browser.evaluate("document.getElementById('call').requestSubmit()");
        await().until(() -> browser.text("call-answer").contains("digit"));
        assertThat(browser.text("call-timings")).contains("compute");

        browser.evaluate("document.getElementById('shape-0').value = '1, 3'");
        browser.evaluate("document.getElementById('call').requestSubmit()");
        await().until(() -> browser.text("call-answer").contains("must have 3 elements"));
    }

    @Test
    void aBurstMakesBatchesGrowAndTheGateRefuse() {
        Chromium browser = browser();
        awaitVisible("pad");
        browser.evaluate("document.getElementById('burst-calls').value = 1500");
        browser.evaluate("document.getElementById('burst-deadline').value = 1");
        browser.click("burst-send");
        await().until(() -> number("batch") > ROWS_OF_A_CALL);
        await().until(() -> browser.text("burst-said").contains("1,500 calls"));
        assertThat(number("count-good")).isGreaterThanOrEqualTo(750); // the patient half
        assertThat(number("count-refused")).isPositive();
        assertThat(number("count-batch")).isGreaterThan(ROWS_OF_A_CALL);
    }

    @Test
    void needsNoMouse() {
        Chromium browser = browser();
        awaitVisible("pad");
        Set<String> reached = new LinkedHashSet<>();
        String active = "document.activeElement.id || document.activeElement.className";
        String ring = "getComputedStyle(document.activeElement).outlineStyle";
        while (!reached.contains("pad")) {
            browser.press("Tab");
            assertThat(reached.add(browser.evaluate(active).asText()))
                    .as("the pad can be reached: %s", reached)
                    .isTrue();
            assertThat(browser.evaluate(ring).asText())
                    .as("focus on %s", reached)
                    .isNotEqualTo("none");
        }
        assertThat(reached).startsWith("skip").contains("shown");
        for (int row = 0; row < 5; row++) {
            browser.press(" ");
            browser.press("ArrowDown");
        }
        browser.press("Enter");
        await().until(() -> browser.text("digit-answer").matches("(?s)\\d.*"));
    }

    @ParameterizedTest
    @CsvSource({"1280, 900, false", "1280, 900, true", "390, 844, false", "390, 844, true"})
    void axeFindsNothing(int width, int height, boolean isDark) throws Exception {
        Optional<String> axe = Axe.script();
        assumeTrue(axe.isPresent(), "no npm, or no registry: the console is not checked by axe");
        Chromium browser = browser();
        browser.show(width, height, isDark);
        awaitVisible("pad");
        browser.click("example");
        await().until(() -> browser.text("digit-answer").startsWith("7"));
        await().until(() -> browser.text("verdict").contains("bottleneck"));
        browser.evaluate(axe.get() + ";true");
        assertThat(
                        browser.evaluate(
                                "axe.run().then(found => found.violations.map("
                                        + "each => each.id + ': ' + each.nodes.map(node => node.target + ' ' + node.failureSummary).join('; ')))"))
                .isEmpty();
        assertThat(browser.evaluate("document.documentElement.scrollWidth").asInt())
                .as("nothing is wider than the window")
                .isLessThanOrEqualTo(width);
        String folder = System.getProperty("console.screenshots", "");
        if (!folder.isEmpty()) {
            Files.write(
                    Path.of(folder, "console-%d-%s.png".formatted(width, isDark ? "dark" : "light")),
                    browser.screenshot(true));
        }
    }

    @Test
    void thePageIsReadOnlyAndTakesNothingFromElsewhere() {
        Service.Answer page = service.get("/");
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.header("Content-Security-Policy"))
                .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
                .doesNotContain("unsafe");
        assertThat(new String(page.body(), UTF_8)).doesNotContain("://").doesNotContain("style=");
        assertThat(service.get("/", "If-None-Match", page.header("ETag")).status())
                .isEqualTo(304);
        assertThat(service.post("/", "").status()).isEqualTo(405);
        assertThat(service.post("/console/events", "").status()).isEqualTo(405);
        assertThat(service.get("/webjars/uplot/1.6.30/dist/uPlot.esm.js").status())
                .isEqualTo(404);
        for (String script : Set.of("console", "calls", "pad", "charts")) {
            assertThat(new String(service.get("/console/" + script + ".js").body(), UTF_8))
                    .doesNotContain("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(");
        }
    }

    /** The number that an element begins with; 0 if there is none. */
    private double number(String id) {
        Matcher number = NUMBER.matcher(browser().text(id).replace(",", ""));
        return number.lookingAt() ? Double.parseDouble(number.group()) : 0;
    }

    private void awaitVisible(String id) {
        await().until(() -> browser()
                .evaluate("document.getElementById('" + id + "').checkVisibility()")
                .asBoolean());
    }

    private Chromium browser() {
        return started.orElseThrow();
    }
}
