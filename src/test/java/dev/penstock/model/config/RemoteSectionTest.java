package dev.penstock.model.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.penstock.model.ModelRefusedException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RemoteSectionTest {

    @Test
    void readsEveryKey() throws ModelRefusedException {
        assertThat(read("""
                url: https://centre.example/
                model: ranker
                use: overflow
                timeout: 2s
                api_key_file: key
                in_flight: 8
                max_answer_bytes: 1000
                files: {url: https://files.example/ranker/, api_key_file: ../key}
                """))
                .contains(new RemoteSection(
                        URI.create("https://centre.example"),
                        "ranker",
                        RemoteSection.Use.OVERFLOW,
                        Optional.empty(),
                        Duration.ofSeconds(2),
                        Optional.of(Path.of("key")),
                        8,
                        1000,
                        Optional.of(new FilesSection(
                                URI.create("https://files.example/ranker"), Optional.of(Path.of("../key"))))));
    }

    @Test
    void isAbsentByDefault() throws ModelRefusedException {
        assertThat(read("")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model: m                                        | url",
                "{url: 'http://c'}                               | model",
                "{url: 'ftp://c', model: m}                      | http://host",
                "{url: 'http://user:key@c', model: m}            | without user",
                "{url: 'http://c', model: '../admin'}            | model",
                "{url: 'http://c', model: m, use: both}          | must be one of centre, overflow, never",
                "{url: 'http://c', model: m, in_flight: 0}       | in_flight",
                "{url: 'http://c', model: m, cache: 1}           | cache",
                "{url: 'http://c', model: m, files: {url: 'http://f'}}                             | remote.files must be absent",
                "{url: 'http://c', model: m, use: overflow, files: {url: 'ftp://f'}}               | remote.files.url",
                "{url: 'http://c', model: m, use: overflow, files: {url: 'http://f', version: 1}}  | version",
            })
    void saysWhatIsWrong(String yaml, String reason) {
        assertThatExceptionOfType(ModelRefusedException.class)
                .isThrownBy(() -> read(yaml))
                .withMessageContaining(reason);
    }

    @Test
    void namesAFallbackUnlessItRefuses() throws ModelRefusedException {
        String remote = "remote: {url: 'http://c', model: m}\nfallback: ";
        assertThat(RemoteSection.read(YamlSection.parse(remote + "small"))
                        .orElseThrow()
                        .fallback())
                .contains("small");
        assertThat(RemoteSection.read(YamlSection.parse(remote + "refuse"))
                        .orElseThrow()
                        .fallback())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "fallback: small                                            | where no centre runs the model",
                "{remote: {url: 'http://c', model: m}, fallback: ../x}      | must be 'refuse' or match",
                "{remote: {url: 'http://c', model: m, use: overflow}, fallback: small} | remote.use: overflow",
                "{remote: {url: 'http://c', model: m}, instances: 2}        | where a centre runs the model",
                "{remote: {url: 'http://c', model: m, use: never, files: {url: 'http://f'}}}  | sha256 must name the versions",
                "{remote: {url: 'http://c', model: m, use: overflow, files: {url: 'http://f'}}, sha256: %s} | each version",
            })
    void saysWhatDoesNotFitTogether(String yaml, String reason) {
        assertThatExceptionOfType(ModelRefusedException.class)
                .isThrownBy(() -> ModelConfig.parse(yaml.replace("%s", "0a".repeat(32))))
                .withMessageContaining(reason);
    }

    private static Optional<RemoteSection> read(String yaml) throws ModelRefusedException {
        return RemoteSection.read(YamlSection.parse(yaml.isEmpty() ? "" : "remote:\n" + yaml.indent(2)));
    }
}
