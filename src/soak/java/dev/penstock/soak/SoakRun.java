package dev.penstock.soak;

import com.google.errorprone.annotations.FormatMethod;
import dev.penstock.ledger.Ledger;
import dev.penstock.ledger.Verdict;
import dev.penstock.ledger.drive.LedgerRun;
import dev.penstock.ledger.drive.Plan;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * One soak. While the ledger drives load, it draws one fault after the other, has it prove that it struck, heals it, and requires progress.
 * The first fault without proof or progress ends the soak.
 */
final class SoakRun {
    private static final Duration START_LIMIT = Duration.ofMinutes(4);

    /** From the healing until all doors serve, and until all processes are ready. */
    private static final Duration PROGRESS_BOUND = Duration.ofMinutes(2);

    /** Between two faults, so that their effects can be told apart. */
    private static final Duration CALM = Duration.ofSeconds(2);

    /** Outlasts any soak: the load ends with the last fault. */
    private static final Duration LOAD = Duration.ofHours(24);

    private final SoakPlan plan;
    private final Consumer<String> out;
    private final Random random;
    private final List<Fault> bag = new ArrayList<>();
    private final List<SoakReport.Strike> strikes = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();
    private final Map<ProcessHandle, Life> lives = new LinkedHashMap<>();

    /** @param out takes a line for each fault */
    SoakRun(SoakPlan plan, Consumer<String> out) {
        this.plan = plan;
        this.out = out;
        this.random = new Random(plan.seed());
    }

    SoakReport run() throws IOException, InterruptedException {
        makeEmpty(plan.folder());
        say("seed %d, %d faults to draw from, %s", plan.seed(), plan.faults().size(), plan.folder());
        try (Deployment deployment = Deployment.start(plan.folder(), plan.brokers(), plan.warmsUp())) {
            if (!deployment.awaitWhole(START_LIMIT)) {
                throw new IllegalStateException(
                        "the deployment must be ready within %s; see %s".formatted(START_LIMIT, plan.folder()));
            }
            try (Probes probes = new Probes(deployment);
                    Balancer balancer = new Balancer(deployment);
                    PrintWriter progress = new PrintWriter(
                            Files.newBufferedWriter(plan.folder().resolve("ledger.log")), true);
                    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                LedgerRun load = new LedgerRun(load(deployment), balancer::ready, progress::println);
                Future<Verdict> verdict = threads.submit(load::run);
                try {
                    SoakReport report = soak(new Scene(deployment, probes, random), load, verdict);
                    report.write(plan.folder());
                    return report;
                } finally {
                    verdict.cancel(true);
                }
            }
        }
    }

    private SoakReport soak(Scene scene, LedgerRun load, Future<Verdict> running)
            throws IOException, InterruptedException {
        Waiting.until(START_LIMIT, () -> load.progress().isPresent() || running.isDone());
        Waiting.until(plan.rampUp(), running::isDone);
        long start = System.nanoTime();
        while (System.nanoTime() - start < plan.duration().toNanos() && failures.isEmpty() && !running.isDone()) {
            Thread.sleep(CALM);
            sample(scene.deployment());
            burn(next(), scene, load, start);
        }
        load.endLoad();
        Verdict verdict = result(running);
        List<SoakReport.Growth> growths =
                lives.values().stream().flatMap(life -> life.growth().stream()).toList();
        growths.stream().filter(each -> !each.staysFlat()).forEach(each -> failures.add("grew: " + each));
        double seconds = (System.nanoTime() - start) / 1e9;
        boolean isKept = failures.isEmpty() && verdict.result() == Verdict.Result.KEPT && !strikes.isEmpty();
        return new SoakReport(
                plan.seed(),
                plan.brokers(),
                plan.ratePerSecond(),
                seconds,
                verdict.doors().values().stream().mapToLong(door -> door.sent()).sum(),
                verdict.accepted(),
                verdict.settled(),
                verdict.allViolations(),
                strikes,
                growths,
                failures,
                verdict.toString(),
                isKept);
    }

    private void burn(Fault fault, Scene scene, LedgerRun load, long start) throws InterruptedException {
        long atMillis = (System.nanoTime() - start) / 1_000_000;
        long before = violations(load);
        try {
            burn(fault, scene, load, atMillis, before);
        } catch (NotStruckException unproven) {
            fail(atMillis, fault, "no proof that it struck: " + unproven.getMessage());
        } catch (IOException | RuntimeException unexpected) {
            fail(atMillis, fault, unexpected.toString());
        }
    }

    private void burn(Fault fault, Scene scene, LedgerRun load, long atMillis, long before)
            throws IOException, InterruptedException {
        Struck struck = fault.strike(scene);
        struck.healing().heal();
        Optional<Probes.Recovery> recovery = scene.probes().await(PROGRESS_BOUND);
        if (recovery.isEmpty()) {
            fail(
                    atMillis,
                    fault,
                    "no progress within %s after it healed (%s)".formatted(PROGRESS_BOUND, struck.proof()));
            return;
        }
        if (!Waiting.until(PROGRESS_BOUND, struck.settled())) {
            fail(atMillis, fault, "'%s' does not hold (%s)".formatted(fault.rule(), struck.proof()));
            return;
        }
        if (!scene.deployment().awaitWhole(PROGRESS_BOUND)) {
            fail(atMillis, fault, "not all processes are ready again");
            return;
        }
        long violations = violations(load) - before;
        strikes.add(new SoakReport.Strike(
                fault.label(), atMillis, struck.proof(), recovery.get().millis(), violations));
        say(
                "%8.1f s  %-28s %s; recovered in %.1f s (sync %.1f, async %.1f, kafka %.1f)%s",
                atMillis / 1e3,
                fault.label(),
                struck.proof(),
                recovery.get().millis() / 1e3,
                recovery.get().syncMillis() / 1e3,
                recovery.get().asyncMillis() / 1e3,
                recovery.get().kafkaMillis() / 1e3,
                violations == 0 ? "" : "; violations: " + violations);
    }

    private void fail(long atMillis, Fault fault, String why) {
        failures.add("%s: %s".formatted(fault.label(), why));
        say("%8.1f s  %-28s FAILED: %s", atMillis / 1e3, fault.label(), why);
    }

    /** Draws without putting back, so that each fault comes as often as the others. */
    private Fault next() {
        if (bag.isEmpty()) {
            bag.addAll(plan.faults());
            Collections.shuffle(bag, random);
        }
        return bag.removeLast();
    }

    private Plan load(Deployment deployment) {
        Duration deadline = Duration.ofSeconds(30);
        return new Plan(
                deployment.urls(),
                Optional.of(Map.of("bootstrap.servers", deployment.brokers().bootstrapServers())),
                Deployment.MODEL,
                plan.ratePerSecond(),
                plan.rampUp(),
                LOAD,
                deadline,
                PROGRESS_BOUND.plus(deadline),
                Optional.of(Deployment.API_KEY),
                Optional.of(Deployment.OTHER_API_KEY),
                Optional.empty(),
                plan.pollsAnswered());
    }

    private void sample(Deployment deployment) {
        deployment
                .processes()
                .forEach((name, process) -> Usage.of(process)
                        .ifPresent(usage -> lives.computeIfAbsent(process, first -> new Life(name))
                                .add(age(process).toSeconds(), usage)));
    }

    private static Duration age(ProcessHandle process) {
        return process.info()
                .startInstant()
                .map(started -> Duration.between(started, Instant.now()))
                .orElse(Duration.ZERO);
    }

    private static long violations(LedgerRun load) {
        return load.progress().map(Ledger.Progress::violations).orElse(0L);
    }

    private static Verdict result(Future<Verdict> running) throws InterruptedException {
        try {
            return running.get();
        } catch (ExecutionException failed) {
            throw new IllegalStateException("the load failed", failed.getCause());
        }
    }

    private static void makeEmpty(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (var all = Files.walk(folder)) {
                for (Path each : all.sorted(Collections.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
        Files.createDirectories(folder);
    }

    @FormatMethod
    private void say(String line, Object... values) {
        out.accept(String.format(Locale.ROOT, line, values));
    }
}
