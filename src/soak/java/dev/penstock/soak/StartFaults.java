package dev.penstock.soak;

import dev.penstock.local.BrokerCluster;
import dev.penstock.local.RedisUnderTest;
import dev.penstock.service.RoleProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** What a process can meet while it starts or stops. */
final class StartFaults {
    private static final Duration AWAY = Duration.ofSeconds(10);
    private static final Duration LIVE = Duration.ofMinutes(1);
    private static final int LATEST_STOP_MILLIS = 6000;

    private StartFaults() {}

    static Struck stoppedTwice(Scene scene) throws InterruptedException {
        Instance victim = victim(scene);
        victim.handle().destroy();
        int status = victim.stop();
        NotStruckException.unless(status == RoleProcess.TERMINATED, victim.name() + " ended with " + status);
        return Struck.of("%s ended with %d after two SIGTERM".formatted(victim.name(), status), victim::start);
    }

    /** At any moment between the start of the JVM and the first requests. */
    static Struck stoppedWhileItStarts(Scene scene) throws IOException, InterruptedException {
        Instance victim = victim(scene);
        victim.kill();
        victim.start();
        int age = scene.random().nextInt(LATEST_STOP_MILLIS);
        Thread.sleep(age);
        int status = victim.stop();
        NotStruckException.unless(status == RoleProcess.TERMINATED, victim.name() + " ended with " + status);
        return Struck.of("%s ended with %d, started %d ms ago".formatted(victim.name(), status, age), victim::start);
    }

    static Struck kafkaAbsent(Scene scene) throws IOException, InterruptedException {
        BrokerCluster brokers = scene.deployment().brokers();
        brokers.nodes().forEach(brokers::kill);
        List<Instance> started = restartLast(scene.deployment());
        for (Instance each : started) {
            NotStruckException.unless(!each.isReady(), each.name() + " is not ready");
        }
        return Struck.of("%s live and not ready".formatted(names(started)), () -> brokers.restart(brokers.nodes()));
    }

    static Struck redisAbsent(Scene scene) throws IOException, InterruptedException {
        RedisUnderTest redis = scene.deployment().redis();
        ProcessHandle process = redis.process();
        redis.kill();
        List<Instance> started = restartLast(scene.deployment());
        NotStruckException.unless(!process.isAlive(), "Redis ended");
        return Struck.of("%s live without Redis".formatted(names(started)), redis::startAgain);
    }

    /** The broken model is a second one. It goes when the fault heals. */
    static Struck modelTruncated(Scene scene) throws IOException, InterruptedException {
        Deployment deployment = scene.deployment();
        Path file = deployment.addTruncatedModel();
        Instance worker = deployment.workers().getLast();
        worker.stop();
        worker.start();
        Waiting.prove(
                LIVE,
                "a worker tells why it cannot serve the broken model",
                () -> scene.probes().repositoryIndex().contains("\"%s\"".formatted(Deployment.BROKEN_MODEL)));
        return Struck.of("%s is %d bytes long".formatted(file, Files.size(file)), deployment::removeTruncatedModel);
    }

    private static Instance victim(Scene scene) {
        return scene.drawn(List.of(
                scene.deployment().workers().getLast(),
                scene.deployment().ingresses().getLast()));
    }

    /** Kills the last worker and the last ingress, starts them, and returns when they have been live for a while. */
    private static List<Instance> restartLast(Deployment deployment) throws IOException, InterruptedException {
        List<Instance> restarted =
                List.of(deployment.workers().getLast(), deployment.ingresses().getLast());
        for (Instance each : restarted) {
            each.kill();
            each.start();
        }
        for (Instance each : restarted) {
            Waiting.prove(LIVE, each.name() + " is live", each::isLive);
        }
        Thread.sleep(AWAY);
        for (Instance each : restarted) {
            Waiting.prove(LIVE, each.name() + " is still live", each::isLive);
        }
        return restarted;
    }

    private static String names(List<Instance> instances) {
        return String.join(" and ", instances.stream().map(Instance::name).toList());
    }
}
