package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.cli.bench.SyncCommand;
import dev.penstock.cli.command.FuzzCommand;
import dev.penstock.cli.command.ModelsCommand;
import dev.penstock.cli.command.MutantsCommand;
import dev.penstock.cli.command.SimulateCommand;
import dev.penstock.cli.command.Tool;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class PenstockTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    down                           | penstock: unknown command "down"
                    upp                            | penstock: unknown command "upp"; did you mean up?
                    tests                          | penstock: unknown command "tests"; did you mean test?
                    simulat --seed 1               | penstock: unknown command "simulat"; did you mean simulate?
                    kafak                          | penstock: unknown command "kafak"; did you mean kafka?
                    bench snc                      | penstock bench: unknown command "snc"; did you mean sync?
                    models fetch minlm             | penstock models fetch: unknown command "minlm"; did you mean minilm?
                    up --role boss                 | --role must be ingress, worker or both, was "boss"
                    up --port 0                    | --port must be in 1..65535, was 0
                    up --port 65536                | --port must be in 1..65535, was 65536
                    up --kafka-port x              | --kafka-port must be in 1..65535, was "x"
                    up --port                      | --port needs a value, which must be in 1..65535
                    up --redis                     | --redis needs a value: URL
                    up --port 1 --port 2           | --port must be given once, was given twice
                    up --colour red                | penstock up: unknown option "--colour"
                    up --prt 80                    | unknown option "--prt"; did you mean --port
                    up now                         | unknown argument "now"
                    bench sync --seconds 0         | --seconds must be in 1..3600, was 0
                    bench sync --seconds 1.5       | --seconds must be in 1..3600, was 1.5
                    bench sync --seconds x         | --seconds must be in 1..3600, was "x"
                    bench sync --seconds           | --seconds needs a value, which must be in 1..3600
                    bench sync --second 5          | unknown option "--second"; did you mean --seconds
                    bench sync --connections 1,0   | --connections must be in 1..10000, was 0
                    bench sync --connections 1,x   | --connections must be in 1..10000, was "x"
                    bench sync --url localhost     | --url must be http://HOST:PORT, was "localhost"
                    bench sync --model mlp-19mb    | --model must be digits, was "mlp-19mb"
                    bench limit --models digits,me | --models must be digits, mlp-19mb, mlp-70mb, mlp-1gb, minilm-16 or minilm-64, was "me"
                    fuzz jsn                       | TARGET must be json, binary, record, reply or model, was "jsn"
                    fuzz --seconds 0               | --seconds must be in 1..999999999999, was 0
                    zoo                            | DIR
                    zoo models --at-once 0         | --at-once must be in 1..1000, was 0
                    models inspct model.onnx       | penstock models: unknown command "inspct"; did you mean inspect?
                    models inspect                 | PATH
                    diagnose --url localhost:9000  | --url must be http://HOST:PORT, was "localhost:9000"
                    diagnose --seconds 0           | --seconds must be in 1..600, was 0
                    dead-letters list              | --model needs a value: MODEL
                    dead-letters show --model m 17 | LETTER must be PARTITION/OFFSET, was 17
                    simulate --rate 1e5            | --rate must be in 0..999999999, was "1e5"
                    simulate --trace flat          | --trace must be poisson, burst, diurnal or heavy, was "flat"
                    simulate autoscal              | penstock simulate: unknown command "autoscal"; did you mean autoscale?
                    simulate autoscale --policy me | --policy must be script, hpa, keda, predictive or fixed, was "me"
                    simulate autoscale --min 0     | --min must be in 1..100000, was 0
                    simulate capacity              | --rate
                    """)
    void namesTheMistakeAndTheRuleOrTheNearestName(String line, String complaint) {
        Outcome outcome = run(line);

        assertThat(outcome.exitCode()).isEqualTo(2);
        assertThat(outcome.err()).contains(complaint).contains("--help");
        assertThat(outcome.command()).isNull();
    }

    @Test
    void readsTheOptionsThatAreGivenAndTakesDefaultsForTheOthers() {
        SyncCommand sync = (SyncCommand) command("bench sync --connections 1,64 --seconds 5 --url http://box:8080");

        assertThat(sync.connections()).containsExactly(1, 64);
        assertThat(sync.seconds()).isEqualTo(5);
        assertThat(sync.rounds()).isEqualTo(3);
        assertThat(sync.url()).hasValue(URI.create("http://box:8080"));
        assertThat(sync.management()).isEqualTo(URI.create("http://127.0.0.1:9000"));
    }

    @Test
    void takesListsNumbersAndWordsByPosition() {
        FuzzCommand all = (FuzzCommand) command("fuzz --runs 10");
        FuzzCommand json = (FuzzCommand) command("fuzz json --seconds 2 --keep");
        SimulateCommand simulate = (SimulateCommand) command("simulate --rate 8000 --cost 1000,62.5");

        assertThat(all.targets()).containsExactly("json", "binary", "record", "reply", "model");
        assertThat(all.runs()).hasValue(10L);
        assertThat(json.targets()).containsExactly("json");
        assertThat(json.seconds()).hasValue(2L);
        assertThat(json.keep()).isTrue();
        assertThat(simulate.costMicros()).containsExactly(1000.0, 62.5);
        assertThat(((MutantsCommand) command("mutants window")).word()).hasValue("window");
        assertThat(command("models build churn")).isInstanceOf(ModelsCommand.BuildChurn.class);
    }

    @Test
    void leavesToMavenWhatItDoesNotKnow() {
        assertThat(run("test -Pgpu -Dtest=BatcherTest --offline -q").exitCode()).isZero();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void describesACommandAndEachOfItsOptions(List<String> names) {
        CommandLine command = find(names);

        Outcome outcome = run(String.join(" ", names) + " --help");

        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.command()).isNull();
        assertThat(outcome.out().replaceAll("\\s+", ""))
                .contains(
                        command.getCommandSpec().usageMessage().description()[0].replace(" ", ""));
        for (OptionSpec option : command.getCommandSpec().options()) {
            assertThat(outcome.out()).contains(option.longestName());
            assertThat(option.description()).isNotEmpty();
            if (option.defaultValue() != null) {
                assertThat(option.description()[0]).contains("default: " + option.defaultValue());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"''", "bench", "models", "dead-letters", "models fetch", "models build"})
    void aGroupWithoutACommandPrintsItsHelp(String line) {
        Outcome outcome = run(line);

        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.out()).contains("Usage: penstock");
    }

    @Test
    void showsEachCommandInOneGroup() {
        List<String> grouped =
                Group.ALL.stream().flatMap(group -> group.commands().stream()).toList();

        assertThat(grouped)
                .doesNotHaveDuplicates()
                .containsExactlyInAnyOrderElementsOf(
                        CommandTree.build().getSubcommands().keySet());
    }

    @Test
    void findsTheToolOfEachCommand() throws ReflectiveOperationException {
        for (Class<?> command : Commands.TOOLS.keySet()) {
            assertThat(Commands.tool(command)).isInstanceOf(Tool.class);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    simulate                      | simulate needs --rate, --seed or --grid
                    simulate --grid --seed 1      | --grid takes neither --rate nor --seed
                    simulate --rate 1 --cost 1    | --cost must be the µs of a run and the µs of a row, as in 1000,60
                    fuzz --seconds 1 --runs 1     | --seconds and --runs cannot be given together
                    """)
    void namesOptionsThatContradictEachOther(String line, String complaint) {
        Commands commands = new Commands(List.of(line.split(" ")));

        Outcome outcome = run(line, commands::run);

        assertThat(outcome.exitCode()).isEqualTo(2);
        assertThat(outcome.err()).contains(complaint);
    }

    @Test
    void aFailureIsNoMistakeOfTheCaller() {
        Outcome outcome = run("simulate --seed 1", command -> {
            throw new IOException("disk full");
        });

        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.err()).contains("disk full");
    }

    private static Stream<List<String>> commands() {
        return below(CommandTree.build())
                .map(command -> List.of(command.getCommandSpec()
                        .qualifiedName(" ")
                        .replaceFirst("^penstock ?", "")
                        .split(" ")));
    }

    private static Stream<CommandLine> below(CommandLine command) {
        return Stream.concat(
                Stream.of(command), command.getSubcommands().values().stream().flatMap(PenstockTest::below));
    }

    private static CommandLine find(List<String> names) {
        CommandLine command = CommandTree.build();
        for (String name : names) {
            command = name.isEmpty()
                    ? command
                    : Objects.requireNonNull(command.getSubcommands().get(name));
        }
        return command;
    }

    private static Object command(String line) {
        Outcome outcome = run(line);
        assertThat(outcome.err()).isEmpty();
        return Objects.requireNonNull(outcome.command());
    }

    /** @param command null where none was run */
    private record Outcome(int exitCode, @Nullable Object command, String out, String err) {}

    private static Outcome run(String line) {
        return run(line, command -> 0);
    }

    private static Outcome run(String line, Penstock.Runner runner) {
        AtomicReference<@Nullable Object> ran = new AtomicReference<>();
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exitCode = Penstock.run(
                command -> {
                    ran.set(command);
                    return runner.run(command);
                },
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                line.isEmpty() ? new String[0] : line.split(" "));
        return new Outcome(exitCode, ran.get(), out.toString(), err.toString());
    }
}
