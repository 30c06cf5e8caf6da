package dev.penstock.deadletters;

import dev.penstock.cli.command.DeadLettersCommand;
import dev.penstock.cli.command.Tool;
import dev.penstock.cli.command.UsageException;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.messages.Topics;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.file.Files;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** {@code ./penstock dead-letters}. */
public final class DeadLettersTool implements Tool<DeadLettersCommand> {
    private static final String REQUEST_TIMEOUT_MILLIS = "15000";

    private final PrintStream out;
    private final PrintStream err;

    public DeadLettersTool() {
        this(System.out, System.err);
    }

    DeadLettersTool(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public int run(DeadLettersCommand command) throws IOException, InterruptedException {
        KafkaClients kafka = new KafkaClients(settings(command));
        LetterPrinter printer = new LetterPrinter(out, command.json());
        try {
            requireTopic(kafka, Topics.deadLetters(command.model()), "is --model right?");
            return switch (command) {
                case DeadLettersCommand.ListLetters list -> list(kafka, list, printer);
                case DeadLettersCommand.Show show -> show(kafka, show, printer);
                case DeadLettersCommand.Replay replay -> replay(kafka, replay, printer);
            };
        } catch (ProducerFencedException | InvalidProducerEpochException another) {
            return failed("another replay of this model's dead letters has begun, so this one ends");
        } catch (KafkaException | MissingTopicException failure) {
            return failed(String.valueOf(failure.getMessage()));
        }
    }

    private int failed(String why) {
        err.println("penstock: " + why);
        return 1;
    }

    private static int list(KafkaClients kafka, DeadLettersCommand.ListLetters command, LetterPrinter printer) {
        Deque<DeadLetter> newest = new ArrayDeque<>();
        Set<String> replayed = new HashSet<>();
        new TopicReader(kafka).readAll(Topics.deadLetters(command.model()), record -> {
            DeadLetter letter = DeadLetter.of(record);
            letter.replayed().ifPresentOrElse(replayed::add, () -> newest.add(letter.withoutValue()));
            if (newest.size() > command.limit()) {
                newest.remove();
            }
        });
        printer.heading();
        newest.forEach(letter -> printer.row(letter, replayed.contains(letter.name())));
        return 0;
    }

    private int show(KafkaClients kafka, DeadLettersCommand.Show command, LetterPrinter printer) throws IOException {
        TopicReader reader = new TopicReader(kafka);
        Set<String> replayed = new HashSet<>();
        AtomicReference<DeadLetter> found = new AtomicReference<>();
        reader.readAll(Topics.deadLetters(command.model()), record -> {
            DeadLetter letter = DeadLetter.of(record);
            letter.replayed().ifPresent(replayed::add);
            if (letter.replayed().isEmpty() && letter.name().equals(command.letter())) {
                found.set(letter);
            }
        });
        DeadLetter letter = found.get();
        if (letter == null) {
            return failed("there is no dead letter %s of model %s".formatted(command.letter(), command.model()));
        }
        Optional<ConsumerRecord<byte[], byte[]>> original = new Originals(reader).find(letter);
        printer.show(letter, replayed.contains(letter.name()), original);
        if (command.valueTo().isPresent() && original.isPresent()) {
            byte[] value = original.get().value();
            Files.write(command.valueTo().get(), value == null ? new byte[0] : value);
        }
        return 0;
    }

    private int replay(KafkaClients kafka, DeadLettersCommand.Replay command, LetterPrinter printer)
            throws InterruptedException {
        List<String> letters = Optional.ofNullable(command.letters()).orElse(List.of());
        if (letters.isEmpty() != command.all()) {
            throw new UsageException("replay needs the names of letters, or --all");
        }
        if (command.to().isPresent()) {
            requireTopic(kafka, command.to().get(), "is --to right?");
        }
        Set<String> missing = new HashSet<>(letters);
        int[] notReplayed = {0};
        new Replay(kafka, command.model(), command.to(), command.timeoutMillis())
                .run(letter -> command.all() || missing.remove(letter.name()), (letter, result) -> {
                    printer.replayed(letter, result);
                    notReplayed[0] += result instanceof Replay.Result.NotPublished ? 1 : 0;
                });
        missing.stream()
                .sorted()
                .forEach(name -> failed("there is no dead letter %s of model %s".formatted(name, command.model())));
        return notReplayed[0] > 0 || !missing.isEmpty() ? 1 : 0;
    }

    private static void requireTopic(KafkaClients kafka, String topic, String hint) throws InterruptedException {
        try (Admin admin = kafka.admin()) {
            admin.describeTopics(List.of(topic)).allTopicNames().get();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof UnknownTopicOrPartitionException) {
                throw new MissingTopicException("there is no topic %s; %s".formatted(topic, hint));
            }
            throw new KafkaException(
                    "the broker does not say whether there is a topic %s: %s".formatted(topic, failed.getMessage()),
                    failed);
        }
    }

    private static Map<String, String> settings(DeadLettersCommand command) throws IOException {
        Map<String, String> settings = new HashMap<>();
        settings.put("default.api.timeout.ms", REQUEST_TIMEOUT_MILLIS);
        settings.put("request.timeout.ms", REQUEST_TIMEOUT_MILLIS);
        if (command.kafkaConfig().isPresent()) {
            Properties file = new Properties();
            try (Reader reader = Files.newBufferedReader(command.kafkaConfig().get())) {
                file.load(reader);
            }
            file.stringPropertyNames().forEach(name -> settings.put(name, file.getProperty(name)));
        }
        settings.put("bootstrap.servers", command.kafka());
        return settings;
    }

    private static final class MissingTopicException extends RuntimeException {
        MissingTopicException(String message) {
            super(message);
        }
    }
}
