package dev.penstock.ingress.gate;

import dev.penstock.ingress.call.PartitionReader;
import dev.penstock.messages.CommitNote;
import dev.penstock.protocol.Lane;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.apache.kafka.common.TopicPartition;

/**
 * Simulates one ingress in front of workers with partitions of their own, in steps of a millisecond. The workers commit notes, and the
 * ingress learns from them by the rules of production: {@link CommittedWork}, {@link DrainWatch} and {@link LaneAdmission}.
 */
final class WorkersSimulation {
    private static final long STEP_NANOS = 1_000_000;
    private static final int COMMIT_STEPS = 100;
    private static final int RENEWAL_STEPS = 1000;
    private static final int LOOK_STEPS = 250;

    /** From the run to the acknowledgement of the reply. */
    private static final int REPLY_STEPS = 3;

    /** A request that would start later than this before its deadline is given up, at no cost. */
    private static final int NEEDED_STEPS = 5;

    private static final Lane LANE = Lane.INTERACTIVE;

    /**
     * @param speeds for each worker, the requests that it can run per second, as a function of the time in seconds
     * @param leavesAt when the last worker leaves, in seconds
     * @param awaySeconds for how long its partitions have no reader then
     * @param offered requests per second, as a function of the time in seconds
     * @param deadlineSeconds of a request that comes at that time
     */
    record Setting(
            int partitions,
            List<DoubleUnaryOperator> speeds,
            double leavesAt,
            double awaySeconds,
            DoubleUnaryOperator offered,
            DoubleUnaryOperator deadlineSeconds) {}

    /** The counts of one second. */
    static final class Second {
        int offered;
        int refused;
        int ran;
        int givenUp;
    }

    private final class Partition {
        private final int number;
        private final List<Request> log = new ArrayList<>();
        private int taken;
        private int settled;
        private long committed;
        private String note = CommitNote.NONE.toMetadata();
        private long ran;
        private long givenUp;
        private long atWorkBefore;
        private int worker;

        Partition(int number) {
            this.number = number;
            this.worker = number % workers.size();
        }

        void readBy(int other) {
            worker = other;
            taken = (int) committed;
            settled = taken;
            ran = 0;
            givenUp = 0;
            atWorkBefore = workers.get(other).atWorkMicros;
        }

        void commit(long step) {
            if (settled != committed || step % RENEWAL_STEPS == 0) {
                committed = settled;
                note = new CommitNote(ran, givenUp, OptionalLong.of(workers.get(worker).atWorkMicros - atWorkBefore))
                        .toMetadata();
            }
        }
    }

    private record Request(int partition, long deadlineStep) {}

    private record Reply(long step, int partition) {}

    private static final class Worker {
        private final DoubleUnaryOperator speed;
        private final Deque<Request> queue = new ArrayDeque<>();
        private final Deque<Reply> replies = new ArrayDeque<>();
        private double credit;
        private long atWorkMicros;

        Worker(DoubleUnaryOperator speed) {
            this.speed = speed;
        }
    }

    private final Setting setting;
    private final Random random = new Random(5);
    private final List<Worker> workers = new ArrayList<>();
    private final List<Partition> partitions = new ArrayList<>();
    private final CommittedWork work = new CommittedWork();
    private final DrainWatch watch = new DrainWatch();
    private final LaneAdmission gate = new LaneAdmission(1);

    WorkersSimulation(Setting setting) {
        this.setting = setting;
        setting.speeds().forEach(speed -> workers.add(new Worker(speed)));
        for (int i = 0; i < setting.partitions(); i++) {
            partitions.add(new Partition(i));
        }
    }

    List<Second> run(int seconds) {
        List<Second> seen = new ArrayList<>();
        double due = 0;
        for (long step = 0; step < seconds * 1000L; step++) {
            if (step % 1000 == 0) {
                seen.add(new Second());
            }
            Second second = seen.getLast();
            handOver(step);
            for (int i = 0; i < workers.size(); i++) {
                serve(i, step, second);
            }
            if (step % COMMIT_STEPS == 0) {
                for (Partition partition : partitions) {
                    if (isRead(partition, step)) {
                        partition.commit(step);
                    }
                }
            }
            if (step % LOOK_STEPS == 0) {
                look(step);
            }
            for (due += setting.offered().applyAsDouble(step / 1e3) / 1000; due >= 1; due--) {
                call(step, second);
            }
        }
        return seen;
    }

    private boolean hasLeft(int worker, long step) {
        return worker == workers.size() - 1 && step >= setting.leavesAt() * 1000;
    }

    private boolean isRead(Partition partition, long step) {
        return !hasLeft(partition.worker, step);
    }

    private void handOver(long step) {
        if (step == (long) ((setting.leavesAt() + setting.awaySeconds()) * 1000)) {
            partitions.stream().filter(each -> !isRead(each, step)).forEach(each -> each.readBy(0));
        }
    }

    private void serve(int number, long step, Second second) {
        Worker worker = workers.get(number);
        if (hasLeft(number, step)) {
            return;
        }
        for (Partition partition : partitions) {
            while (partition.worker == number && partition.taken < partition.log.size()) {
                worker.queue.add(partition.log.get(partition.taken++));
            }
        }
        worker.atWorkMicros += worker.queue.isEmpty() && worker.replies.isEmpty() ? 0 : STEP_NANOS / 1000;
        while (!worker.replies.isEmpty() && worker.replies.getFirst().step <= step) {
            partitions.get(worker.replies.removeFirst().partition).settled++;
        }
        double perStep = worker.speed.applyAsDouble(step / 1e3) / 1000;
        worker.credit = Math.min(worker.credit + perStep, Math.max(1, 10 * perStep));
        while (!worker.queue.isEmpty()) {
            Request next = worker.queue.getFirst();
            Partition partition = partitions.get(next.partition);
            if (step > next.deadlineStep - NEEDED_STEPS) {
                second.givenUp++;
                partition.givenUp++;
            } else if (worker.credit >= 1) {
                worker.credit--;
                second.ran++;
                partition.ran++;
            } else {
                return;
            }
            worker.queue.removeFirst();
            worker.replies.add(new Reply(step + REPLY_STEPS, next.partition));
        }
    }

    private void look(long step) {
        long now = step * STEP_NANOS;
        gate.hasWorkers(now, true);
        gate.asking(now);
        List<PartitionLag> lags = new ArrayList<>();
        Map<Integer, PartitionReader> readers = new HashMap<>();
        for (Partition partition : partitions) {
            work.observe(new TopicPartition("t", partition.number), partition.committed, partition.note, now);
            lags.add(new PartitionLag(partition.number, partition.log.size(), partition.committed));
            readers.put(
                    partition.number,
                    isRead(partition, step)
                            ? new PartitionReader("worker-" + partition.worker, true, now)
                            : PartitionReader.NOBODY);
        }
        watch.observed(now, Map.of(LANE, lags), Map.of(LANE, readers));
        if (watch.haveReadersChanged()) {
            gate.readersChanged(now);
        }
        gate.observed(watch.lag(LANE, work.of("t"), 1));
    }

    private void call(long step, Second second) {
        second.offered++;
        double deadline = setting.deadlineSeconds().applyAsDouble(step / 1e3);
        if (gate.admit(step * STEP_NANOS, (long) (deadline * 1e9), Long.MAX_VALUE)
                .isPresent()) {
            second.refused++;
            return;
        }
        List<Partition> taking = partitions.stream()
                .filter(each -> !watch.avoided(LANE).contains(each.number))
                .toList();
        List<Partition> choice = taking.isEmpty() ? partitions : taking;
        Partition partition = choice.get(random.nextInt(choice.size()));
        partition.log.add(new Request(partition.number, step + (long) (deadline * 1000)));
    }
}
