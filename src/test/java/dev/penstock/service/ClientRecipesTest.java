package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The recipes of docs/clients.md, taken from the page and run as they stand there, but for the addresses. */
@WholeService
class ClientRecipesTest {
    private static final Path PAGE = Path.of("docs/clients.md");
    /** Enough to build an application on a busy machine. */
    private static final int LIMIT_SECONDS = 300;

    /** A heading, and all until the next. */
    private static final Pattern RECIPE = Pattern.compile("(?ms)^## ([^\\n]+)$((?:(?!^## ).)*)");

    private static final Pattern CODE = Pattern.compile("(?ms)^```\\w+\\n(.*?)^```$");

    /** Where the build puts Triton's client, which has copies of libraries that others here have, too (pom.xml). */
    private static final Path TRITON = Path.of("target/recipes/java-api.jar");

    /**
     * @param title the heading
     * @param files what the blocks of code below it become, in their order
     * @param command that runs the first file
     * @param probe a command that succeeds where the client is installed
     */
    record Recipe(String title, List<String> files, List<String> command, List<String> probe) {
        Recipe(String title, String file, List<String> command, List<String> probe) {
            this(title, List.of(file), command, probe);
        }

        @Override
        public String toString() {
            return title;
        }
    }

    static List<Recipe> recipes() {
        List<String> java = List.of(java());
        return List.of(
                new Recipe("curl", "call.sh", List.of("sh"), List.of("curl", "--version")),
                new Recipe("Python", "call.py", List.of("python3"), List.of("python3", "-c", "import requests")),
                // fetch is there from Node.js 18 on.
                new Recipe("JavaScript", "call.mjs", List.of("node"), List.of("node", "-e", "fetch")),
                new Recipe("Java", "Call.java", java, List.of(java(), "--version")),
                new Recipe("Go", "call.go", List.of("go", "run"), List.of("go", "version")),
                new Recipe(
                        "Triton's client for Python",
                        "triton.py",
                        List.of("python3"),
                        List.of("python3", "-c", "import tritonclient.http")),
                new Recipe(
                        "Triton's client for Java",
                        "TritonCall.java",
                        List.of(java(), "-cp", TRITON.toString()),
                        List.of("test", "-f", TRITON.toString())),
                new Recipe("Spring Kafka", "SpringCall.java", java, List.of(java(), "--version")),
                new Recipe("Kafka Streams", "StreamsCall.java", java, List.of(java(), "--version")),
                new Recipe(
                        "Quarkus messaging",
                        List.of("src/main/java/digits/DigitsCall.java", "src/main/resources/application.properties"),
                        List.of("sh", "src/test/resources/recipes/quarkus.sh"),
                        List.of("sh", "mvnw", "--version")),
                new Recipe("kafkajs", "call.cjs", List.of("node"), List.of("node", "-e", "require('kafkajs')")));
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    @TempDir
    private Path folder;

    @BeforeEach
    void awaitTheModel() {
        Service.underTest().awaitModel("digits");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("recipes")
    void findsTheSeven(Recipe recipe) throws Exception {
        assumeTrue(isThere(recipe.probe), recipe.title + " is not run: this machine fails at " + recipe.probe);
        List<String> code = code(recipe.title);
        assertThat(code).hasSameSizeAs(recipe.files);
        for (int i = 0; i < code.size(); i++) {
            Path file = folder.resolve(recipe.files.get(i));
            Files.createDirectories(file.getParent());
            Files.writeString(file, addressed(code.get(i)));
        }
        List<String> command = new ArrayList<>(recipe.command);
        command.add(folder.resolve(recipe.files.getFirst()).toString());

        Ended ended = run(command);

        assertThat(ended.output().strip()).as(ended.log()).isEqualTo("7");
        assertThat(ended.code()).as(ended.log()).isZero();
    }

    @Test
    void everyRecipeIsRun() throws IOException {
        Matcher headings = Pattern.compile("(?m)^## (.+)$").matcher(Files.readString(PAGE));

        assertThat(headings.results().map(heading -> heading.group(1)))
                .containsExactlyElementsOf(recipes().stream().map(Recipe::title).toList());
    }

    private static List<String> code(String title) throws IOException {
        return RECIPE.matcher(Files.readString(PAGE))
                .results()
                .filter(recipe -> recipe.group(1).equals(title))
                .flatMap(recipe -> CODE.matcher(recipe.group(2)).results())
                .map(block -> block.group(1))
                .toList();
    }

    private static String addressed(String code) {
        URI service = ConfigProvider.getConfig().getValue("test.url", URI.class);
        return code.replace("localhost:8080", service.getAuthority())
                .replace("localhost:9092", ServiceStack.bootstrapServers());
    }

    private boolean isThere(List<String> probe) throws InterruptedException {
        try {
            return run(probe).code() == 0;
        } catch (IOException missing) {
            return false;
        }
    }

    private Ended run(List<String> command) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        Path log = folder.resolve("log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(log.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        Process process = builder.start();
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
        return new Ended(process.exitValue(), Files.readString(output, UTF_8), Files.readString(log, UTF_8));
    }

    /** What a process printed, and the code that it ended with. */
    private record Ended(int code, String output, String log) {}
}
