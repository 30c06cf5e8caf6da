package dev.penstock.model.remote;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.penstock.model.ModelAwayException;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.protocol.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a centre says of a model, and what is known of it while the centre is away. */
class RemoteModelsTest {
    private static final byte[] METADATA = """
            {"name":"ranker","inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}],
            "outputs":[{"name":"y","datatype":"FP32","shape":[-1]}],"properties":{"batching":"batched"}}""".getBytes(UTF_8);

    @TempDir
    Path folder;

    private FakeCentre centre;

    @BeforeEach
    void start() throws IOException {
        centre = new FakeCentre();
    }

    @AfterEach
    void stop() {
        centre.close();
    }

    @Test
    void servesWhatTheCentreDescribes() throws Exception {
        centre.behaviour = FakeCentre.of(200, METADATA);

        RemoteModels.Opened opened = open("");

        assertThat(opened.note()).isEmpty();
        try (RemoteSession session = opened.session()) {
            assertThat(session.executionProvider()).isEqualTo("centre");
            assertThat(session.concurrentRuns()).isEqualTo(64);
            assertThat(session.signature().inputs().getFirst().shape()).isEqualTo(Shape.of(-1, 4));
        }
    }

    @Test
    void startsWithWhatTheCentreSaidBeforeWhileItIsAway() throws Exception {
        centre.behaviour = FakeCentre.of(200, METADATA);
        open("").session().close();
        centre.behaviour = FakeCentre.of(502, new byte[0]);

        RemoteModels.Opened opened = open("");

        assertThat(opened.note())
                .hasValueSatisfying(note -> assertThat(note)
                        .contains("answered with status 502", "what it said of the model before is used"));
        try (RemoteSession session = opened.session()) {
            assertThat(session.signature().outputs().getFirst().name()).isEqualTo("y");
        }
    }

    @Test
    void aCentreThatWasNeverReachedIsTriedAgain() {
        centre.behaviour = FakeCentre.of(404, new byte[0]);

        assertThatExceptionOfType(ModelAwayException.class)
                .isThrownBy(() -> open(""))
                .withMessage("the centre answered with status 404 when asked for the model");
    }

    @Test
    void whatIsNoDescriptionIsNeitherUsedNorKept() throws Exception {
        centre.behaviour = FakeCentre.of(200, "<html>".getBytes(UTF_8));
        assertThatExceptionOfType(ModelAwayException.class).isThrownBy(() -> open(""));
        assertThat(folder).isEmptyDirectory();

        centre.behaviour = FakeCentre.of(200, METADATA);
        open("").session().close();
        centre.behaviour = FakeCentre.of(200, "{}".getBytes(UTF_8));
        open("").session().close();
        assertThat(folder.resolve(".ranks.centre.json")).hasBinaryContent(METADATA);
    }

    @Test
    void keepsNothingInAFileThatALinkNames() throws Exception {
        centre.behaviour = FakeCentre.of(200, METADATA);
        Path other = Files.writeString(folder.resolve("other"), "of somebody else");
        Files.createSymbolicLink(folder.resolve(".ranks.centre.json.new"), other);

        open("").session().close();

        assertThat(other).hasContent("of somebody else");
        assertThat(folder.resolve(".ranks.centre.json")).hasBinaryContent(METADATA);
    }

    @Test
    void tellsThatItsFolderCannotBeWritten() throws Exception {
        centre.behaviour = FakeCentre.of(200, METADATA);
        Files.createDirectories(folder.resolve(".ranks.centre.json"));

        RemoteModels.Opened opened = open("");

        opened.session().close();
        assertThat(opened.note()).hasValueSatisfying(note -> assertThat(note).contains("cannot be kept"));
    }

    private RemoteModels.Opened open(String more) throws ModelRefusedException, ModelAwayException {
        ModelConfig config = ModelConfig.parse("remote: {url: '%s', model: ranker%s}".formatted(centre.url(), more));
        return RemoteModels.open("ranks", config, config.remote().orElseThrow(), folder, System::nanoTime);
    }
}
