package dev.penstock.ingress.gate;

import dev.penstock.ingress.gate.LaneAdmission.Lag;
import dev.penstock.ingress.gate.LaneAdmission.Overload;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.DoubleUnaryOperator;

/**
 * Simulates ingresses in front of one log and its workers, in steps of a millisecond. Each ingress observes the lag at intervals, and late.
 * Workers commit at intervals. Refused requests may retry when they were advised to.
 */
final class AdmissionSimulation {
    private static final long STEP_NANOS = 1_000_000;
    private static final int COMMIT_STEPS = 100;
    private static final int OBSERVE_STEPS = 250;

    /** The time that a request and its reply need before the deadline. Workers give up a request that would start later, at no cost. */
    static final double NEEDED_SECONDS = 0.05;

    /**
     * @param capacity the average rate of the workers, in requests per second
     * @param unsteadiness the standard deviation of the logarithm of the workers' speed, which is drawn every second
     * @param offered requests per second, as a function of the time in seconds
     * @param hot how many ingresses have all the traffic
     * @param givesUp whether workers give up requests that would be late
     * @param staleSteps how long Kafka takes to report the lag; less than the time between two observations
     */
    record Setting(
            double capacity,
            double unsteadiness,
            DoubleUnaryOperator offered,
            int ingresses,
            int hot,
            double deadlineSeconds,
            int staleSteps,
            boolean comeBack,
            boolean givesUp,
            long seed) {
        /** With steady workers that give nothing up. */
        Setting(
                double capacity,
                DoubleUnaryOperator offered,
                int ingresses,
                int hot,
                double deadlineSeconds,
                int staleSteps,
                boolean comeBack,
                long seed) {
            this(capacity, 0, offered, ingresses, hot, deadlineSeconds, staleSteps, comeBack, false, seed);
        }
    }

    /** The counts of one second. */
    static final class Second {
        int offered;
        int admitted;
        int refused;
        int served;
        int servedLate;
        int givenUp;
        double longestWaitSeconds;
        double shortestWaitSeconds = Double.MAX_VALUE;
        int cameBack;
        int cameBackAdmitted;
    }

    private record Returning(long step, int ingress) {}

    private final Setting setting;
    private final Random random;
    private final List<LaneAdmission> gates = new ArrayList<>();
    private final List<long[]> history = new ArrayList<>();
    private final List<Long> arrivals = new ArrayList<>();
    private final PriorityQueue<Returning> returning = new PriorityQueue<>((a, b) -> Long.compare(a.step, b.step));
    private long settled;
    private long ran;
    private double speed = 1;
    private long committed;
    private long committedRan;
    private long committedGivenUp;
    private long committedAtWorkMicros;
    private long atWorkMicros;
    private double credit;
    private final List<Tenant> tenants;

    /** @param part the tenant's part of all calls */
    record Tenant(String name, int weight, double part, AtomicIntegerArray admittedInSecond) {
        Tenant(String name, int weight, double part) {
            this(name, weight, part, new AtomicIntegerArray(3600));
        }
    }

    /** With calls of one tenant. */
    AdmissionSimulation(Setting setting) {
        this(setting, List.of(new Tenant("", 1, 1)));
    }

    AdmissionSimulation(Setting setting, List<Tenant> tenants) {
        this.tenants = tenants;
        this.setting = setting;
        this.random = new Random(setting.seed());
        for (int i = 0; i < setting.ingresses(); i++) {
            LaneAdmission gate = new LaneAdmission(setting.ingresses());
            gate.hasWorkers(0, true);
            gates.add(gate);
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
            serve(step, second);
            if (step % COMMIT_STEPS == 0) {
                committed = settled;
                committedRan = ran;
                committedGivenUp = settled - ran;
                committedAtWorkMicros = atWorkMicros;
            }
            history.add(new long[] {arrivals.size(), committed, committedRan, committedGivenUp, committedAtWorkMicros});
            observe(step);
            while (!returning.isEmpty() && returning.peek().step <= step) {
                int ingress = returning.remove().ingress;
                second.cameBack++;
                second.cameBackAdmitted += call(step, ingress, second, false) ? 1 : 0;
            }
            for (due += setting.offered().applyAsDouble(step / 1000.0) / 1000; due >= 1; due--) {
                second.offered++;
                call(step, random.nextInt(setting.hot()), second, setting.comeBack());
            }
        }
        return seen;
    }

    private boolean call(long step, int ingress, Second second, boolean comesBack) {
        long left = (long) (setting.deadlineSeconds() * 1e9);
        Tenant tenant = tenants.size() == 1 ? tenants.getFirst() : anyTenant();
        Optional<Overload> refused =
                gates.get(ingress).admit(tenant.name(), tenant.weight(), step * STEP_NANOS, left, Long.MAX_VALUE);
        if (refused.isEmpty()) {
            tenant.admittedInSecond().incrementAndGet((int) (step / 1000));
            arrivals.add(step);
            second.admitted++;
            return true;
        }
        second.refused++;
        if (comesBack) {
            // Clients wait for whole seconds and are never exact.
            long after = refused.get().retryAfterSeconds() * 1000L + random.nextInt(300);
            returning.add(new Returning(step + after, ingress));
        }
        return false;
    }

    private Tenant anyTenant() {
        double at = random.nextDouble();
        for (Tenant tenant : tenants) {
            at -= tenant.part();
            if (at < 0) {
                return tenant;
            }
        }
        return tenants.getLast();
    }

    private void serve(long step, Second second) {
        if (step % 1000 == 0 && setting.unsteadiness() > 0) {
            speed = Math.exp(setting.unsteadiness() * random.nextGaussian());
        }
        credit = Math.min(credit + speed * setting.capacity() / 1000, Math.max(1, setting.capacity() / 100));
        atWorkMicros += settled < arrivals.size() ? STEP_NANOS / 1000 : 0;
        while (settled < arrivals.size()) {
            double wait = (step - arrivals.get((int) settled)) / 1000.0;
            if (setting.givesUp() && wait > setting.deadlineSeconds() - NEEDED_SECONDS) {
                second.givenUp++;
            } else if (credit >= 1) {
                second.longestWaitSeconds = Math.max(second.longestWaitSeconds, wait);
                second.shortestWaitSeconds = Math.min(second.shortestWaitSeconds, wait);
                second.served++;
                second.servedLate += wait > setting.deadlineSeconds() ? 1 : 0;
                ran++;
                credit--;
            } else {
                return;
            }
            settled++;
        }
    }

    private void observe(long step) {
        for (int i = 0; i < gates.size(); i++) {
            long phase = (step + i * 37L) % OBSERVE_STEPS;
            if (phase == 0) {
                gates.get(i).asking(step * STEP_NANOS);
            }
            int late = setting.staleSteps() % OBSERVE_STEPS;
            if (phase == late && step >= setting.staleSteps()) {
                long[] then = history.get((int) step - setting.staleSteps());
                gates.get(i).observed(new Lag(then[0], then[1], work(then), gates.size()));
            }
        }
    }

    private static LaneWork work(long[] then) {
        return new LaneWork(then[2], then[3], Map.of(0, then[4]));
    }
}
