package dev.penstock.model.remote;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.HttpExchange;
import dev.penstock.model.ModelAwayException;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.protocol.Sha256;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Versions of a model that an edge fetches. The same server is the centre and the storage. */
class VersionFetchTest {
    private static final byte[] MODEL = "a model of some thirty bytes".getBytes(UTF_8);
    private static final byte[] WEIGHTS = "weights".getBytes(UTF_8);
    private static final int MOST_BYTES = 1000;

    @TempDir
    Path model;

    private final Map<String, byte[]> stored = new ConcurrentHashMap<>();
    private final AtomicBoolean isEnding = new AtomicBoolean();
    private FakeCentre centre;

    @BeforeEach
    void start() throws IOException {
        centre = new FakeCentre();
        centre.behaviour = this::answer;
        store(3, Map.of("model.onnx", MODEL, "w.bin", WEIGHTS));
        serves("3");
    }

    @AfterEach
    void stop() {
        centre.close();
    }

    @Test
    void fetchesTheVersionsThatTheCentreServes() throws Exception {
        store(12, Map.of("model.onnx", WEIGHTS));
        serves("3", "12");

        assertThat(fetch("")).isEmpty();

        assertThat(model.resolve("3/model.onnx")).hasBinaryContent(MODEL);
        assertThat(model.resolve("3/w.bin")).hasBinaryContent(WEIGHTS);
        assertThat(model.resolve("12/model.onnx")).hasBinaryContent(WEIGHTS);
    }

    @Test
    void asksForNothingThatIsHere() throws Exception {
        Files.createDirectory(model.resolve("3"));

        assertThat(fetch("")).isEmpty();
        assertThat(centre.calls).as("which versions there are").hasSize(1);
    }

    @Test
    void fetchesThePinnedVersionsWithoutAskingTheCentre() throws Exception {
        stored.remove("/v2/models/ranker");
        stored.remove("/files/3/SHA256SUMS");

        assertThat(fetch("sha256: {3: {model.onnx: %s, w.bin: %s}}".formatted(Sha256.hex(MODEL), Sha256.hex(WEIGHTS))))
                .isEmpty();

        assertThat(model.resolve("3/w.bin")).hasBinaryContent(WEIGHTS);
    }

    @Test
    void aPinDecidesAgainstTheStorage() throws Exception {
        assertThat(fetch("sha256: {3: '%s'}".formatted("0".repeat(64))).get(3L))
                .contains("/files/3/model.onnx must have the SHA-256 000", ", was " + Sha256.hex(MODEL));
        assertThat(model.resolve("3")).doesNotExist();
    }

    @Test
    void refusesAFileWithAnotherHashAndTakesTheOtherVersions() throws Exception {
        store(4, Map.of("model.onnx", MODEL));
        stored.put("/files/3/w.bin", MODEL);
        serves("3", "4");

        assertThat(fetch("")).containsOnlyKeys(3L);
        assertThat(model.resolve("3")).doesNotExist();
        assertThat(model.resolve("4")).isDirectory();
    }

    @Test
    void goesOnWhereAnEarlierTryWasCut() throws Exception {
        centre.behaviour = call -> {
            if (call.getRequestURI().getPath().endsWith("model.onnx")) {
                call.sendResponseHeaders(200, MODEL.length);
                call.getResponseBody().write(MODEL, 0, 10);
                call.getResponseBody().flush();
                call.close();
            } else {
                answer(call);
            }
        };
        assertThatExceptionOfType(ModelAwayException.class).isThrownBy(() -> fetch(""));
        assertThat(model.resolve("3")).doesNotExist();

        centre.behaviour = this::answer;
        centre.calls.clear();
        assertThat(fetch("")).isEmpty();
        assertThat(model.resolve("3/model.onnx")).hasBinaryContent(MODEL);
        assertThat(centre.calls).anyMatch(call -> "bytes=10-".equals(call.getFirst("Range")));
    }

    @Test
    void takesTheWholeFileFromAStorageWithoutRanges() throws Exception {
        Files.createDirectories(model.resolve(".fetching/3"));
        Files.write(model.resolve(".fetching/3/model.onnx"), Arrays.copyOf(MODEL, 10));
        centre.behaviour = call -> FakeCentre.of(
                        200,
                        Objects.requireNonNull(stored.get(call.getRequestURI().getPath())))
                .answer(call);

        assertThat(fetch("")).isEmpty();
        assertThat(model.resolve("3/model.onnx")).hasBinaryContent(MODEL);
    }

    @Test
    void startsAgainWhereTheBeginningIsOfAnotherFile() throws Exception {
        Files.createDirectories(model.resolve(".fetching/3"));
        Files.writeString(model.resolve(".fetching/3/model.onnx"), "another");
        Files.writeString(model.resolve(".fetching/3/old.bin"), "of an earlier try");

        assertThatExceptionOfType(ModelAwayException.class)
                .isThrownBy(() -> fetch(""))
                .withMessageContaining("may have changed");
        assertThat(fetch("")).isEmpty();
        assertThat(model.resolve("3/model.onnx")).hasBinaryContent(MODEL);
        assertThat(model.resolve("3/old.bin")).doesNotExist();
    }

    @Test
    void startsAgainWhereTheBeginningIsLongerThanTheFile() throws Exception {
        Files.createDirectories(model.resolve(".fetching/3"));
        Files.write(model.resolve(".fetching/3/model.onnx"), new byte[MODEL.length + 1]);

        assertThatExceptionOfType(ModelAwayException.class).isThrownBy(() -> fetch(""));
        assertThat(fetch("")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "garbage",
                "",
                "{hash}  ../model.onnx",
                "{hash}  .hidden",
                "{hash}  other.onnx",
            })
    void refusesSumsThatAreNone(String line) throws Exception {
        stored.put(
                "/files/3/SHA256SUMS", line.replace("{hash}", Sha256.hex(MODEL)).getBytes(UTF_8));

        assertThat(fetch("").get(3L)).contains("SHA256SUMS must have");
        assertThat(model.resolve("3")).doesNotExist();
    }

    @Test
    void refusesMoreBytesThanAVersionMayHave() throws Exception {
        store(3, Map.of("model.onnx", MODEL, "w.bin", new byte[MOST_BYTES - MODEL.length + 1]));

        assertThat(fetch("").get(3L)).contains("w.bin is too large");
    }

    @Test
    void triesAgainLaterWhatIsNotThere() {
        stored.remove("/files/3/w.bin");

        assertThatExceptionOfType(ModelAwayException.class)
                .isThrownBy(() -> fetch(""))
                .withMessageContaining("3/w.bin was answered with status 404");
        assertThat(model.resolve("3")).doesNotExist();
    }

    @Test
    void followsNoRedirect() {
        centre.behaviour = call -> {
            if (call.getRequestURI().getPath().startsWith("/files/3/")) {
                call.getResponseHeaders().add("Location", centre.url() + "/files/elsewhere");
                FakeCentre.of(302, new byte[0]).answer(call);
            } else {
                answer(call);
            }
        };

        assertThatExceptionOfType(ModelAwayException.class)
                .isThrownBy(() -> fetch(""))
                .withMessageContaining("status 302");
    }

    @Test
    void writesThroughNoLink(@TempDir Path host) throws Exception {
        Files.createSymbolicLink(model.resolve(".fetching"), host);

        assertThatExceptionOfType(ModelAwayException.class).isThrownBy(() -> fetch(""));
        assertThat(host).isEmptyDirectory();

        Files.delete(model.resolve(".fetching"));
        Files.createDirectories(model.resolve(".fetching/3"));
        Path target = Files.writeString(host.resolve("precious"), "old");
        Files.createSymbolicLink(model.resolve(".fetching/3/model.onnx"), target);
        assertThatExceptionOfType(ModelAwayException.class).isThrownBy(() -> fetch(""));
        assertThat(target).hasContent("old");
    }

    @Test
    void leavesTheFilesToAnotherThatFetchesThem() throws Exception {
        Files.createDirectory(model.resolve(".fetching"));
        try (FileChannel file = FileChannel.open(
                        model.resolve(".fetching/lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock other = file.lock()) {
            assertThat(other.isValid()).isTrue();
            assertThatExceptionOfType(ModelAwayException.class)
                    .isThrownBy(() -> fetch(""))
                    .withMessageContaining("fetches its files already");
        }
        assertThat(fetch("")).isEmpty();
    }

    @Test
    void givesUpWhenTheProcessEnds() {
        CountDownLatch released = new CountDownLatch(1);
        centre.behaviour = call -> {
            if (call.getRequestURI().getPath().endsWith("model.onnx")) {
                isEnding.set(true);
                try {
                    released.await();
                } catch (InterruptedException stopped) {
                    Thread.currentThread().interrupt();
                }
            }
            answer(call);
        };

        assertThatExceptionOfType(ModelAwayException.class)
                .isThrownBy(() -> fetch(""))
                .withMessageContaining("this process ends");
        released.countDown();
    }

    @Test
    void sendsTheKeyOfTheStorageToTheStorageAlone() throws Exception {
        Files.writeString(model.resolve("key"), "secret\n");

        assertThat(fetch("", ", api_key_file: key")).isEmpty();

        assertThat(centre.calls.getFirst().getFirst("Authorization"))
                .as("the centre")
                .isNull();
        assertThat(centre.calls.subList(1, centre.calls.size()))
                .isNotEmpty()
                .allMatch(call -> "Bearer secret".equals(call.getFirst("Authorization")));
    }

    @Test
    void doesNotQuoteAKeyThatCannotBeSent() throws Exception {
        Files.writeString(model.resolve("key"), "sec\nret");

        assertThatExceptionOfType(ModelAwayException.class)
                .isThrownBy(() -> fetch("", ", api_key_file: key"))
                .withMessageContaining("remote.files.api_key_file")
                .withMessageNotContaining("sec\n");
    }

    private SortedMap<Long, String> fetch(String more) throws Exception {
        return fetch(more, "");
    }

    private SortedMap<Long, String> fetch(String more, String ofFiles) throws Exception {
        ModelConfig config = ModelConfig.parse("""
                remote: {url: '%s', model: ranker, use: overflow, files: {url: '%s/files'%s}}
                %s""".formatted(centre.url(), centre.url(), ofFiles, more));
        return new VersionFetch(
                        config.remote().orElseThrow().in(model),
                        config.checksums(),
                        model,
                        MOST_BYTES,
                        System::nanoTime,
                        isEnding::get)
                .run();
    }

    private void serves(String... versions) {
        stored.put(
                "/v2/models/ranker",
                "{\"name\":\"ranker\",\"versions\":[\"%s\"],\"inputs\":[],\"outputs\":[]}"
                        .formatted(String.join("\",\"", versions))
                        .getBytes(UTF_8));
    }

    private void store(int version, Map<String, byte[]> files) {
        StringBuilder sums = new StringBuilder();
        files.forEach((name, content) -> {
            stored.put("/files/" + version + "/" + name, content);
            sums.append(Sha256.hex(content)).append("  ").append(name).append('\n');
        });
        stored.put("/files/" + version + "/SHA256SUMS", sums.toString().getBytes(UTF_8));
    }

    /** As an object storage does, ranges included. */
    private void answer(HttpExchange call) throws IOException {
        byte[] content = stored.get(call.getRequestURI().getPath());
        String range = call.getRequestHeaders().getFirst("Range");
        int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
        if (content == null) {
            FakeCentre.of(404, new byte[0]).answer(call);
        } else if (range == null) {
            FakeCentre.of(200, content).answer(call);
        } else if (from >= content.length) {
            FakeCentre.of(416, new byte[0]).answer(call);
        } else {
            call.getResponseHeaders()
                    .add("Content-Range", "bytes %d-%d/%d".formatted(from, content.length - 1, content.length));
            call.sendResponseHeaders(206, content.length - from);
            try (OutputStream body = call.getResponseBody()) {
                body.write(content, from, content.length - from);
            }
        }
    }
}
