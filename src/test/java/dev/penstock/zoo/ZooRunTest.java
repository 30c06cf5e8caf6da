package dev.penstock.zoo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.penstock.zoo.V2Client.Answer;
import dev.penstock.zoo.reference.Reference;
import dev.penstock.zoo.reference.Reference.Case;
import dev.penstock.zoo.reference.Reference.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run over models that behave as their files say. */
class ZooRunTest {
    private static final Reference RUNS = new Reference(
            Optional.empty(),
            true,
            List.of(new Case(Kind.GIVEN, "given", List.of(Tensors.floats("x", 1)), List.of(Tensors.floats("y", 1)))),
            List.of());

    @TempDir
    Path folder;

    private final List<Integer> started = new ArrayList<>();
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private ZooReport report = new ZooReport(0, new PrintStream(printed, true, UTF_8));

    @Test
    void servesManyModelsInAFewProcesses() throws Exception {
        Map<String, Verdict> verdicts = run("right", "right", "refused", "right", "right");

        assertThat(started).containsExactly(4, 1);
        assertThat(verdicts)
                .contains(
                        entry("0.onnx", new Verdict.Right(10)),
                        entry("2.onnx", new Verdict.Refused("must be a tensor")));
        assertThat(report.servedPercent()).isEqualTo(80);
    }

    @Test
    void findsTheModelThatEndsTheProcessWhileItLoads() throws Exception {
        Map<String, Verdict> verdicts = run("right", "right", "ends-at-load", "right");

        assertThat(verdicts.get("2.onnx")).isInstanceOf(Verdict.Broke.class);
        assertThat(verdicts.values())
                .filteredOn(Verdict.Right.class::isInstance)
                .hasSize(3);
    }

    @Test
    void findsTheModelThatEndsTheProcessAtACall() throws Exception {
        Map<String, Verdict> verdicts = run("right", "ends-at-call", "right", "right");

        assertThat(verdicts.get("1.onnx")).isEqualTo(new Verdict.Broke("the service ended during a call"));
        assertThat(verdicts.values())
                .filteredOn(Verdict.Right.class::isInstance)
                .hasSize(3);
        assertThat(started).containsExactly(4, 2);
    }

    @Test
    void doesNotWaitForAModelThatNeverLoads() throws Exception {
        Map<String, Verdict> verdicts = run("right", "never-ready", "right");

        assertThat(verdicts.get("1.onnx")).isInstanceOf(Verdict.Broke.class);
        assertThat(verdicts.values())
                .filteredOn(Verdict.Right.class::isInstance)
                .hasSize(2);
    }

    @Test
    void printsNumbersReasonsAndEveryWrongAnswer() throws Exception {
        run("right", "wrong", "refused", "refused");

        report.print();

        assertThat(printed.toString(UTF_8))
                .contains("4 models. ONNX Runtime's Java API can run 4.")
                .contains("2 served (50.0 %), 1 right, 1 wrong, 2 refused")
                .contains("2  refused: must be a tensor (such as 2.onnx)")
                .contains("WRONG 1.onnx")
                .contains("element 0 must be 1.00000, was 9.00000");
    }

    /** @return the verdicts by path */
    private Map<String, Verdict> run(String... behaviours) throws Exception {
        Path models = Files.createDirectories(folder.resolve("models"));
        for (int i = 0; i < behaviours.length; i++) {
            Files.writeString(models.resolve(i + ".onnx"), behaviours[i]);
        }
        report = new ZooReport(behaviours.length, new PrintStream(printed, true, UTF_8));
        new ZooRun(
                        new ZooRepository(folder.resolve("repository")),
                        (model, dataSets) -> RUNS,
                        this::start,
                        4,
                        Duration.ofMillis(500),
                        report)
                .run(ModelFile.in(models));
        return report.entries().stream()
                .collect(Collectors.toMap(each -> each.model().path(), ZooReport.Entry::verdict));
    }

    private Server start(Path repository) throws IOException, Server.EndedException {
        Map<String, String> behaviours = new HashMap<>();
        try (Stream<Path> models = Files.list(repository)) {
            for (Path model : models.toList()) {
                behaviours.put(
                        model.getFileName().toString(),
                        Files.readString(model.resolve("1").resolve("model.onnx")));
            }
        }
        started.add(behaviours.size());
        if (behaviours.containsValue("ends-at-load")) {
            throw new Server.EndedException(new IOException("exit"));
        }
        return new ScriptedServer(behaviours);
    }

    private static final class ScriptedServer implements Server {
        private final Map<String, String> behaviours;
        private boolean isAlive = true;

        private ScriptedServer(Map<String, String> behaviours) {
            this.behaviours = behaviours;
        }

        @Override
        public boolean isAlive() {
            return isAlive;
        }

        @Override
        public boolean isReady(String model) {
            return !List.of("never-ready", "refused").contains(behaviours.get(model));
        }

        @Override
        public Map<String, String> refusals() {
            return behaviours.entrySet().stream()
                    .filter(each -> each.getValue().equals("refused"))
                    .collect(Collectors.toMap(Map.Entry::getKey, each -> "must be a tensor"));
        }

        @Override
        public CompletableFuture<Answer> send(String model, V2Body body) {
            if (String.valueOf(behaviours.get(model)).equals("ends-at-call")) {
                isAlive = false;
                return CompletableFuture.failedFuture(new IOException("closed"));
            }
            float number = String.valueOf(behaviours.get(model)).equals("wrong") ? 9 : 1;
            byte[] answer = new String(
                            V2Body.json(List.of(Tensors.floats("y", number))).bytes(), UTF_8)
                    .replace("\"inputs\"", "\"outputs\"")
                    .getBytes(UTF_8);
            return CompletableFuture.completedFuture(new Answer(200, answer, answer.length));
        }

        @Override
        public void close() {}
    }
}
