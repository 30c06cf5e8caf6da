package dev.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class ChartTest {

    @Test
    void drawsABarForEachValue() throws Exception {
        Document svg = parse(Chart.bars("a < b & c", "model", "rows/s", List.of("one", "two"))
                .with("slow", 1, Double.NaN)
                .with("fast", 10, 200)
                .withLogarithmicAxis());

        int background = 1;
        int legend = 2;
        assertThat(svg.getElementsByTagName("rect").getLength()).isEqualTo(background + legend + 3);
        assertThat(svg.getDocumentElement().getTextContent()).contains("a < b & c", "model", "rows/s", "one", "fast");
    }

    @Test
    void drawsALineOverNumericPoints() throws Exception {
        Document svg = parse(
                Chart.lines("queue", "s", "rows").with("waiting", new double[] {0, 0.5, 10}, new double[] {0, 3, 1}));

        assertThat(svg.getElementsByTagName("circle").getLength()).isEqualTo(3);
    }

    @Test
    void drawsAValidChartWithoutValues() throws Exception {
        assertThat(parse(Chart.lines("empty", "s", "rows"))
                        .getElementsByTagName("path")
                        .getLength())
                .isPositive();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Chart.lines("", "", "").with("", new double[1], new double[2]))
                .withMessage("x and y must have the same length, were 1 and 2");
    }

    private static Document parse(Chart chart) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(chart.svg().getBytes(StandardCharsets.UTF_8)));
    }
}
