package dev.penstock.soak;

import dev.penstock.local.BrokerCluster;
import dev.penstock.local.Signals;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import dev.penstock.service.RoleProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Brokers that are away. */
final class BrokerFaults {
    /** Of a broker that ends itself. */
    private static final int DISK_FAILED = 1;

    private static final Duration AWAY = Duration.ofSeconds(3);
    private static final Duration FROZEN = Duration.ofSeconds(20);
    private static final Duration UNREACHABLE = Duration.ofSeconds(30);
    private static final Duration NOTICED = Duration.ofSeconds(15);

    private BrokerFaults() {}

    static Struck stopped(Scene scene) throws InterruptedException {
        BrokerCluster brokers = scene.deployment().brokers();
        int node = scene.drawn(brokers.nodes());
        int status = brokers.stop(node);
        NotStruckException.unless(status == RoleProcess.TERMINATED, "broker %d ended with %d".formatted(node, status));
        Thread.sleep(AWAY);
        return Struck.of("broker %d ended with %d".formatted(node, status), () -> brokers.restart(node));
    }

    static Struck killed(Scene scene) throws InterruptedException {
        BrokerCluster brokers = scene.deployment().brokers();
        return killed(brokers, List.of(scene.drawn(brokers.nodes())), "broker");
    }

    static Struck leaderKilled(Scene scene) throws InterruptedException {
        BrokerCluster brokers = scene.deployment().brokers();
        int leader = brokers.leaderOf(Topics.requests(Deployment.MODEL, Lane.INTERACTIVE), 0)
                .orElseThrow(() -> new NotStruckException("the request topic has no leader"));
        return killed(brokers, List.of(leader), "the leader, broker");
    }

    static Struck controllerKilled(Scene scene) throws InterruptedException {
        BrokerCluster brokers = scene.deployment().brokers();
        return killed(brokers, List.of(brokers.activeController()), "the controller, broker");
    }

    static Struck majorityKilled(Scene scene) throws InterruptedException {
        BrokerCluster brokers = scene.deployment().brokers();
        int survivor = scene.drawn(brokers.nodes());
        return killed(
                brokers,
                brokers.nodes().stream().filter(node -> node != survivor).toList(),
                "brokers");
    }

    static Struck frozen(Scene scene) throws InterruptedException {
        BrokerCluster brokers = scene.deployment().brokers();
        int node = scene.drawn(brokers.nodes());
        brokers.freeze(node);
        Waiting.prove(NOTICED, "broker %d is away".formatted(node), () -> !brokers.isRegistered(node));
        NotStruckException.unless(Signals.isFrozen(brokers.processOf(node)), "broker %d is in state T".formatted(node));
        Thread.sleep(FROZEN);
        return Struck.of(
                "broker %d in state T for %d s, and away from the cluster".formatted(node, FROZEN.toSeconds()),
                () -> brokers.resume(node));
    }

    static Struck diskFull(Scene scene) throws InterruptedException {
        BrokerCluster brokers = scene.deployment().brokers();
        int node = scene.drawn(brokers.nodes());
        int status = brokers.fillDisk(node);
        NotStruckException.unless(status == DISK_FAILED, "broker %d ended with %d".formatted(node, status));
        Thread.sleep(AWAY);
        return Struck.of(
                "broker %d could not write, and ended with %d".formatted(node, status), () -> brokers.restart(node));
    }

    static Struck unreachable(Scene scene) throws IOException, InterruptedException {
        BrokerCluster brokers = scene.deployment().brokers();
        int node = scene.drawn(brokers.nodes());
        String host = brokers.hostOf(node);
        Network.cut(host);
        Waiting.prove(NOTICED, "broker %d is silent".formatted(node), () -> !brokers.answers(node));
        Thread.sleep(UNREACHABLE);
        return Struck.of(
                "no route to broker %d for %d s, and no answer from it".formatted(node, UNREACHABLE.toSeconds()),
                () -> Network.restore(host));
    }

    private static Struck killed(BrokerCluster brokers, List<Integer> nodes, String which) throws InterruptedException {
        for (int node : nodes) {
            int status = brokers.kill(node);
            NotStruckException.unless(status == WorkerFaults.KILLED, "broker %d ended with %d".formatted(node, status));
        }
        Thread.sleep(AWAY);
        return Struck.of(
                "%s %s ended with %d".formatted(which, nodes, WorkerFaults.KILLED), () -> brokers.restart(nodes));
    }
}
