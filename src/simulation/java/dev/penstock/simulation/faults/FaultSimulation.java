package dev.penstock.simulation.faults;

import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import dev.penstock.simulation.faults.Workload.Nature;
import dev.penstock.simulation.faults.Workload.Request;
import dev.penstock.simulation.faults.Workload.Requester;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Runs workers through faults, in a virtual time, and checks {@link Promises} at each event. After the faults have healed, all requests
 * must have their outcome and all offsets must be committed within a bound. The seed decides everything.
 */
final class FaultSimulation {
    private static final List<Fault> FAULTS = List.of(Fault.values());
    private static final long SECOND = 1_000_000_000;
    private static final long BURN_NANOS = 12 * SECOND;
    private static final long HEAL_NANOS = 14 * SECOND;

    /** A session ends, its partitions are taken over, replies are sent again: each takes seconds. Suspects run alone beside that. */
    private static final long PROGRESS_NANOS = 30 * SECOND;

    /** Those in two slots, one of another size than expected, and the request's own. */
    private static final int RUNS_AHEAD = 4;

    private static final long TICK_NANOS = SECOND / 5;

    private final long seed;
    private final Random random;
    private final VirtualTime time = new VirtualTime();
    private final Trace trace;
    private final Network network;
    private final SimulatedLogs logs;
    private final SimulatedGroup group;
    private final Promises promises;
    private final Workload workload;
    private final SimulatedWorker.Settings settings;
    private final Map<String, Integer> replyTopics = new HashMap<>();
    private final List<List<String>> versions = new ArrayList<>();
    private final List<Optional<SimulatedWorker>> workers = new ArrayList<>();
    private final List<SimulatedWorker> all = new ArrayList<>();
    private final Map<Fault, Integer> struck = new EnumMap<>(Fault.class);
    private final int requests;
    private final int deadly;
    private final long progressNanos;
    private final int lasting;
    private boolean isHealed;
    private boolean isDone;
    private boolean isResetting;
    private int started;
    private int sent;

    /**
     * @param struck how often each fault struck
     * @param recoveryNanos from healing until everything was done
     */
    record Result(
            int requests, Map<Fault, Integer> struck, int secondReplies, int toleratedReplies, long recoveryNanos) {}

    FaultSimulation(long seed, boolean isTraced) {
        this.seed = seed;
        this.random = new Random(seed * 0x9E3779B97F4A7C15L);
        this.trace = new Trace(time, isTraced);
        this.network = new Network(time, random);
        this.logs = new SimulatedLogs(time);
        int partitions = 1 + random.nextInt(4);
        int count = 1 + random.nextInt(4);
        boolean hasTwoVersions = count > 1 && random.nextInt(3) == 0;
        for (int i = 0; i < count; i++) {
            versions.add(hasTwoVersions && i % 2 == 0 ? List.of("1", "2") : List.of("1"));
            workers.add(Optional.empty());
        }
        this.workload = new Workload(random, partitions, hasTwoVersions);
        this.lasting = count;
        this.requests = 40 + random.nextInt(120);
        this.deadly = random.nextInt(3) == 0 ? random.nextInt(requests) : -1;
        this.settings = new SimulatedWorker.Settings(
                8 + random.nextInt(60),
                1 << random.nextInt(5),
                (long) (SECOND / 1000 * Math.exp(4.5 * random.nextDouble())),
                SECOND / 1000,
                Duration.ofMillis(200 + random.nextInt(3000)));
        this.promises = new Promises(time, logs, trace, RUNS_AHEAD * settings.longestRunNanos() / 1_000_000);
        boolean isDeadlyOften = deadly >= 0 && hasTwoVersions; // each copy that is passed on may end two workers
        this.progressNanos = (isDeadlyOften ? 3 : 1) * PROGRESS_NANOS + 2L * requests * settings.longestRunNanos();
        List<TopicPartition> requestPartitions = new ArrayList<>();
        for (Lane lane : Lane.values()) {
            logs.create(Topics.requests(Workload.MODEL, lane), partitions);
            requestPartitions.addAll(logs.all(Topics.requests(Workload.MODEL, lane)));
        }
        for (String topic : List.of(Topics.REPLIES, Topics.RESULTS, Workload.OTHERS_TOPIC)) {
            logs.create(topic, 2);
            replyTopics.put(topic, 2);
        }
        logs.create(Topics.deadLetters(Workload.MODEL), 1);
        this.group = new SimulatedGroup(time, random, logs, requestPartitions, new Watcher());
    }

    private final class Watcher implements SimulatedGroup.Watcher {
        @Override
        public void committed(
                String process, TopicPartition partition, boolean isOwner, long before, OffsetAndMetadata commit) {
            if (commit.offset() != before) {
                trace.say("%s commits %s@%d  %s", process, partition, commit.offset(), commit.metadata());
            }
            promises.committed(partition, isOwner, before, commit);
        }

        @Override
        public void claimed(String process, TopicPartition partition) {
            trace.say("%s gets %s from %d", process, partition, logs.committedOffset(partition));
            promises.claimed(partition);
        }

        @Override
        public void expired(String process) {
            trace.say("the session of %s has ended", process);
        }
    }

    /**
     * Runs to the end.
     *
     * @throws AssertionError when a promise is broken
     */
    Result run() {
        try {
            for (int slot = 0; slot < workers.size(); slot++) {
                start(slot);
            }
            time.after(0, this::tick);
            time.after(SECOND, this::arrive);
            int faults = 1 + random.nextInt(8);
            List<Fault> kinds = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                kinds.add(FAULTS.get(random.nextInt(FAULTS.size())));
            }
            for (int i = 0; i < faults; i++) {
                Fault fault = kinds.get(random.nextInt(kinds.size()));
                time.after(SECOND + (long) (random.nextDouble() * BURN_NANOS), () -> strike(fault));
            }
            time.after(HEAL_NANOS, this::heal);
            time.run(HEAL_NANOS + progressNanos, () -> isDone);
            promises.require(
                    isDone,
                    "%.0f s after the faults have healed, something is still open: %s"
                            .formatted(
                                    progressNanos / 1e9, promises.unanswered().orElse("offsets are not committed")));
            return new Result(
                    requests,
                    struck,
                    promises.secondReplies(),
                    promises.toleratedReplies(),
                    Math.max(0, time.nanos() - HEAL_NANOS));
        } finally {
            all.forEach(worker -> worker.process.end());
        }
    }

    /** What happened, for people. */
    String timeline() {
        return trace.text();
    }

    private boolean isDone() {
        return isHealed
                && !isResetting
                && sent == requests
                && areOffsetsCommitted()
                && promises.unanswered().isEmpty();
    }

    private boolean areOffsetsCommitted() {
        for (Lane lane : Lane.values()) {
            for (TopicPartition partition : logs.all(Topics.requests(Workload.MODEL, lane))) {
                if (logs.committedOffset(partition) < logs.end(partition)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** The coordinator's timer. */
    private void tick() {
        if (!network.isFrozen()) {
            group.expire();
        }
        isDone = isDone();
        time.after(TICK_NANOS, this::tick);
    }

    private void arrive() {
        Request request = workload.next(sent, sent == deadly);
        sent++;
        append(request, request.partition(), OptionalLong.empty());
        if (sent < requests) {
            boolean isBurst = random.nextInt(3) > 0;
            time.after(
                    isBurst ? random.nextInt(5_000_000) : (long) (random.nextDouble() * 36 * SECOND / requests),
                    this::arrive);
        }
    }

    private void append(Request request, int partition, OptionalLong deadlineMillis) {
        ConsumerRecord<byte[], byte[]> record = logs.append(request.record(partition, deadlineMillis), partition);
        trace.say("sent %s to %s-%d@%d", request, record.topic(), record.partition(), record.offset());
        promises.sent(request, record);
        wake();
        if (deadlineMillis.isPresent()) {
            return;
        }
        if (request.requester() == Requester.SYNCHRONOUS
                && request.nature() != Nature.DEADLY
                && random.nextInt(6) == 0) {
            long deadline = record.timestamp() + request.timeoutMillis();
            time.after((long) (random.nextDouble() * 3 * SECOND), () -> {
                trace.say("hedged: %s", request.id());
                append(request, workload.otherPartition(partition), OptionalLong.of(deadline));
            });
        } else if (request.nature() != Nature.DEADLY && random.nextInt(20) == 0) {
            long deadline = record.timestamp() + request.timeoutMillis();
            time.after((long) (random.nextDouble() * SECOND), () -> {
                trace.say("a producer's retry: %s", request.id());
                append(request, partition, OptionalLong.of(deadline));
            });
        }
    }

    private void wake() {
        all.forEach(worker -> worker.process.after(network.latency(), worker.consumer::wake));
    }

    private ConsumerRecord<byte[], byte[]> appended(
            SimulatedProcess from, ProducerRecord<byte[], byte[]> record, long sentNanos) {
        int partition = record.key() == null
                ? 0
                : Math.floorMod(Arrays.hashCode(record.key()), logs.partitions(record.topic()));
        ConsumerRecord<byte[], byte[]> appended = logs.append(record, partition);
        trace.say(
                "%s writes %s-%d@%d: %s",
                from.name, appended.topic(), appended.partition(), appended.offset(), headers(appended));
        if (Promises.isReply(appended.topic())) {
            promises.replied(from, appended, sentNanos);
        } else if (appended.topic().equals(Topics.deadLetters(Workload.MODEL))) {
            promises.deadLetter(appended);
        } else {
            promises.passedOn(appended);
            wake();
        }
        return appended;
    }

    private static String headers(ConsumerRecord<byte[], byte[]> record) {
        StringBuilder text = new StringBuilder();
        for (String name :
                List.of("correlation-id", "status", "penstock-source", "penstock-error", "penstock-passed-on")) {
            RecordHeaders.text(record.headers(), name)
                    .ifPresent(value -> text.append(value).append(' '));
        }
        return text.toString();
    }

    private void start(int slot) {
        if (workers.get(slot).isPresent() || isResetting) {
            return;
        }
        String name = "worker-" + slot + "." + ++started;
        SimulatedProcess process = new SimulatedProcess(name, time);
        SimulatedWorker worker = new SimulatedWorker(
                process,
                versions.get(slot),
                settings,
                new SimulatedWorker.Outside(network, logs, group, this::appended, replyTopics),
                seed + 31L * started,
                (reason, request) -> {
                    trace.say("%s ends: %s", name, reason);
                    request.ifPresent(promises::killed);
                    end(slot);
                });
        workers.set(slot, Optional.of(worker));
        all.removeIf(each -> each.process.isDead());
        all.add(worker);
        trace.say("%s starts with versions %s", name, versions.get(slot));
        worker.start();
    }

    /** The process in the slot ends, and another starts some time later. */
    private void end(int slot) {
        workers.get(slot).ifPresent(worker -> worker.process.kill());
        workers.set(slot, Optional.empty());
        if (slot < lasting) {
            time.after(SECOND / 5 + (long) (random.nextDouble() * 3 * SECOND), () -> start(slot));
        }
    }

    private void strike(Fault fault) {
        int slot = random.nextInt(workers.size());
        double howLong = random.nextDouble();
        Optional<SimulatedWorker> worker = workers.get(slot);
        boolean needsWorker = switch (fault) {
            case WORKER_KILLED, WORKER_FROZEN, WORKER_STOPPED, WORKER_CUT_OFF, ANSWERS_LOST -> true;
            case WORKER_ADDED, REBALANCES, BROKERS_FROZEN, OFFSETS_RESET -> false;
        };
        if (isResetting || (needsWorker && worker.isEmpty())) {
            return; // there is nothing to strike
        }
        trace.say("FAULT %s%s", fault, needsWorker ? " at " + worker.orElseThrow().process.name : "");
        struck.merge(fault, 1, Integer::sum);
        switch (fault) {
            case WORKER_KILLED -> end(slot);
            case WORKER_FROZEN -> {
                SimulatedProcess process = worker.orElseThrow().process;
                process.freeze();
                time.after((long) ((0.2 + 10 * howLong) * SECOND), () -> resume(process));
            }
            case WORKER_STOPPED -> worker.orElseThrow().stop();
            case WORKER_ADDED -> {
                int added = workers.size();
                workers.add(Optional.empty());
                versions.add(versions.getFirst());
                start(added);
                time.after(
                        (long) (5 * howLong * SECOND), () -> workers.get(added).ifPresent(SimulatedWorker::stop));
            }
            case WORKER_CUT_OFF -> {
                SimulatedProcess process = worker.orElseThrow().process;
                process.cut();
                time.after((long) ((0.2 + 12 * howLong) * SECOND), () -> connect(process));
            }
            case ANSWERS_LOST -> {
                SimulatedProcess process = worker.orElseThrow().process;
                process.loseReplies(0.5);
                time.after((long) ((0.2 + 5 * howLong) * SECOND), () -> connect(process));
            }
            case REBALANCES -> shuffle(3 + (int) (10 * howLong));
            case BROKERS_FROZEN -> {
                network.freezeBrokers();
                all.forEach(each -> each.process.disturb());
                time.after((long) ((0.2 + 12 * howLong) * SECOND), this::resumeBrokers);
            }
            case OFFSETS_RESET -> {
                isResetting = true;
                for (int each = 0; each < workers.size(); each++) {
                    end(each);
                }
                reset();
            }
        }
    }

    private void resume(SimulatedProcess process) {
        if (process.isFrozen()) {
            trace.say("%s goes on", process.name);
            process.resume();
        }
    }

    private void connect(SimulatedProcess process) {
        trace.say("%s is connected", process.name);
        process.connect();
    }

    private void resumeBrokers() {
        if (network.isFrozen()) {
            trace.say("the brokers go on");
            all.forEach(each -> each.process.disturb());
            network.resumeBrokers();
        }
    }

    private void shuffle(int more) {
        if (!isHealed && !network.isFrozen()) {
            group.shuffle();
            trace.say("partitions move");
        }
        if (more > 0) {
            time.after((long) (random.nextDouble() * SECOND), () -> shuffle(more - 1));
        }
    }

    /** As the command-line tool does: not before the group is empty. */
    private void reset() {
        if (!group.isEmpty() || network.isFrozen()) {
            time.after(SECOND / 2, this::reset);
            return;
        }
        for (Lane lane : Lane.values()) {
            for (TopicPartition partition : logs.all(Topics.requests(Workload.MODEL, lane))) {
                long back = (long) (random.nextDouble() * logs.committedOffset(partition));
                logs.commit(partition, new OffsetAndMetadata(back));
                trace.say("the offset of %s goes back to %d", partition, back);
            }
        }
        promises.forgotten();
        isResetting = false;
        for (int slot = 0; slot < lasting; slot++) {
            start(slot);
        }
    }

    private void heal() {
        trace.say("ALL FAULTS HEAL");
        isHealed = true;
        resumeBrokers();
        all.forEach(worker -> {
            resume(worker.process);
            worker.process.connect();
        });
    }
}
