package dev.penstock.soak;

import dev.penstock.local.Signals;
import dev.penstock.service.RoleProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Workers that end, freeze, and come and go. */
final class WorkerFaults {
    static final int KILLED = 128 + 9;

    /** The group's session timeout is 6 s. */
    private static final Duration SESSION_LOST = Duration.ofSeconds(30);

    private static final Duration STORM_STEP = Duration.ofSeconds(3);
    private static final int STORM_CHANGES = 4;
    private static final Duration JOINED = Duration.ofMinutes(1);

    private WorkerFaults() {}

    static Struck killed(Scene scene) throws InterruptedException {
        Instance worker = scene.deployment().workers().getLast();
        int status = worker.kill();
        NotStruckException.unless(status == KILLED, worker.name() + " ended with " + status);
        return Struck.of("%s ended with %d".formatted(worker.name(), status), worker::start);
    }

    static Struck stopped(Scene scene) throws InterruptedException {
        Instance worker = scene.deployment().workers().getLast();
        int status = worker.stop();
        NotStruckException.unless(status == RoleProcess.TERMINATED, worker.name() + " ended with " + status);
        return Struck.of("%s ended with %d".formatted(worker.name(), status), worker::start);
    }

    static Struck frozen(Scene scene) throws InterruptedException {
        Deployment deployment = scene.deployment();
        Instance worker = scene.drawn(deployment.workers());
        int before = deployment.members().size();
        Signals.freeze(worker.handle());
        Waiting.prove(
                SESSION_LOST,
                "the group loses " + worker.name(),
                () -> deployment.members().size() < before);
        NotStruckException.unless(Signals.isFrozen(worker.handle()), worker.name() + " is in state T");
        return Struck.of(
                "%s in state T; of %d members its group has %d"
                        .formatted(worker.name(), before, deployment.members().size()),
                () -> Signals.resume(worker.handle()));
    }

    /** Two more workers join, and three leave one after the other. A process takes longer to start than to stop. */
    static Struck rebalanceStorm(Scene scene) throws IOException, InterruptedException {
        Deployment deployment = scene.deployment();
        Instance second = deployment.workers().getLast();
        Instance third = deployment.newWorker(3);
        Instance fourth = deployment.newWorker(4);
        Set<Set<String>> memberships = new HashSet<>();
        third.start();
        fourth.start();
        Waiting.prove(JOINED, "four workers are in the group", () -> {
            Set<String> members = deployment.members();
            memberships.add(members);
            return members.size() == 4;
        });
        for (Instance leaving : List.of(second, third, fourth)) {
            leaving.stop();
            watch(deployment, memberships);
        }
        NotStruckException.unless(
                memberships.size() >= STORM_CHANGES, "the group had %d memberships".formatted(memberships.size()));
        return Struck.of("the group had %d memberships".formatted(memberships.size()), second::start);
    }

    private static void watch(Deployment deployment, Set<Set<String>> memberships) throws InterruptedException {
        Waiting.until(STORM_STEP, () -> {
            memberships.add(deployment.members());
            return false;
        });
    }
}
