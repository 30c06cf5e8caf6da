package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.zoo.Judge;
import dev.penstock.zoo.ModelFile;
import dev.penstock.zoo.V2Client;
import dev.penstock.zoo.Verdict;
import dev.penstock.zoo.reference.Reference;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A part of {@code ./penstock zoo} against the running service: models that are easily got wrong. */
@WholeService
class ZooModelsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @ParameterizedTest
    @MethodSource("names")
    void answersLikeOnnxRuntimeAndTheTestData(String model) throws Exception {
        ModelFile file = TestModels.zoo().stream()
                .filter(each -> each.name().equals(model))
                .findFirst()
                .orElseThrow();
        Reference reference = Reference.of(file.file(), file.dataSets());
        Service.underTest().awaitModel(model);

        try (V2Client client = new V2Client(ConfigProvider.getConfig().getValue("test.url", URI.class), LIMIT)) {
            assertThat(new Judge(body -> client.send(model, body), reference).judge())
                    .isInstanceOf(Verdict.Right.class);
        }
        assertThat(reference.notes()).as("what ONNX Runtime itself does").isEmpty();
    }

    static List<String> names() throws IOException {
        return TestModels.zoo().stream().map(ModelFile::name).toList();
    }
}
