package dev.penstock.ledger.drive;

import dev.penstock.cli.command.LedgerCommand;
import dev.penstock.cli.command.Tool;
import dev.penstock.cli.command.UsageException;
import dev.penstock.ledger.Verdict;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/** {@code ./penstock ledger}: a run against any deployment. */
public final class LedgerTool implements Tool<LedgerCommand> {

    @Override
    public int run(LedgerCommand command) throws IOException, InterruptedException {
        if (command.minutes() == 0) {
            throw new UsageException("--minutes must be over 0, was 0");
        }
        if (command.otherApiKey().isPresent() && command.apiKey().isEmpty()) {
            throw new UsageException("--other-api-key needs --api-key");
        }
        if (command.kafka().isEmpty()
                && (command.replyTopic().isPresent() || command.kafkaConfig().isPresent())) {
            throw new UsageException("--reply-topic and --kafka-config need --kafka");
        }
        Plan plan = new Plan(
                command.urls(),
                kafka(command),
                command.model(),
                command.rate(),
                Duration.ZERO,
                Duration.ofMillis((long) (command.minutes() * 60_000)),
                Duration.ofMillis(command.deadlineMillis()),
                Duration.ofSeconds(command.graceSeconds()),
                command.apiKey(),
                command.otherApiKey(),
                command.replyTopic(),
                command.pollsAnswered());
        Verdict verdict = new LedgerRun(plan, System.out::println).run();
        System.out.print(verdict);
        return verdict.result() == Verdict.Result.KEPT ? 0 : 1;
    }

    private static Optional<Map<String, String>> kafka(LedgerCommand command) throws IOException {
        if (command.kafka().isEmpty()) {
            return Optional.empty();
        }
        Map<String, String> kafka = new HashMap<>();
        if (command.kafkaConfig().isPresent()) {
            Properties file = new Properties();
            try (Reader reader = Files.newBufferedReader(command.kafkaConfig().get())) {
                file.load(reader);
            }
            file.stringPropertyNames().forEach(name -> kafka.put(name, file.getProperty(name)));
        }
        kafka.put("bootstrap.servers", command.kafka().get());
        return Optional.of(kafka);
    }
}
