package dev.penstock.soak;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The faults that a soak strikes. In each, nothing accepted is lost, doubled, changed, or shown to another tenant. */
enum Fault {
    WORKER_KILLED(
            "SIGKILL to a worker; another starts", "calls may wait until its partitions move", WorkerFaults::killed),
    WORKER_FROZEN(
            "SIGSTOP to a worker until its group has lost it, then SIGCONT",
            "calls may wait; its late replies change nothing",
            WorkerFaults::frozen),
    WORKER_STOPPED("SIGTERM to a worker; another starts", "no call fails; it exits in order", WorkerFaults::stopped),
    REBALANCE_STORM(
            "two more workers join, then three of four leave, every 3 s",
            "calls may wait",
            WorkerFaults::rebalanceStorm),
    INGRESS_KILLED(
            "SIGKILL to an ingress while calls wait at it; another starts",
            "its connections break; the other ingress serves",
            IngressFaults::killed),
    INGRESS_STOPPED(
            "SIGTERM to an ingress; another starts",
            "waiting calls are answered; it exits in order",
            IngressFaults::stopped),
    CLIENT_HALF_CLOSES(
            "a client ends its side of the connection after its call",
            "the call is answered",
            IngressFaults::halfClosed),
    BROKER_STOPPED("SIGTERM to a broker; restarted on its log", "503 while it is away", BrokerFaults::stopped),
    BROKER_KILLED("SIGKILL to a broker; restarted on its log", "503 while it is away", BrokerFaults::killed),
    BROKER_DISK_FULL(
            "a broker cannot write a byte more, so it ends; restarted on its log",
            "503 while it is away",
            BrokerFaults::diskFull),
    BROKER_FROZEN("SIGSTOP to a broker for 20 s", "503 while it is away", BrokerFaults::frozen),
    BROKER_UNREACHABLE(
            "the route to a broker is cut for 30 s, in a network namespace",
            "503 while it is away",
            BrokerFaults::unreachable),
    LEADER_KILLED(
            "SIGKILL to the leader of a request partition, of three brokers",
            "calls may wait for the new leader",
            BrokerFaults::leaderKilled),
    CONTROLLER_KILLED(
            "SIGKILL to the active controller, of three brokers",
            "calls may wait for the new controller",
            BrokerFaults::controllerKilled),
    MAJORITY_KILLED("SIGKILL to two of three brokers", "503 until one is back", BrokerFaults::majorityKilled),
    REDIS_KILLED("SIGKILL to Redis; restarted empty", "outcomes are still found", RedisFaults::killed),
    REDIS_FLUSHED("FLUSHALL", "outcomes are still found", RedisFaults::flushed),
    REDIS_FROZEN("SIGSTOP to Redis for 10 s", "polls may be answered with 503", RedisFaults::frozen),
    REDIS_FULL("maxmemory 1 byte with noeviction for 10 s", "outcomes are still found", RedisFaults::full),
    OFFSETS_RESET(
            "all workers stop; their group's offsets go back to the beginning",
            "the same outcomes again, or none",
            TopicFaults::offsetsReset),
    PARTITIONS_ADDED(
            "one more partition of the request topic", "it is served in seconds", TopicFaults::partitionsAdded),
    TRANSACTION(
            "requests in a transaction that commits, and in one that aborts",
            "those alone that were committed are answered",
            TopicFaults::transaction),
    POISON_UNDECODABLE("a record that is no request", "its partition goes on", TopicFaults::undecodable),
    POISON_LARGE("a record at the size limit that is no request", "its partition goes on", TopicFaults::large),
    POISON_EXPIRED("a request whose deadline is over", "it is answered expired", TopicFaults::expired),
    POISON_REPLY_TOPIC_MISSING(
            "a request whose reply topic does not exist", "its partition goes on", TopicFaults::unanswerable),
    STOPPED_TWICE(
            "two SIGTERM to a worker or an ingress; another starts",
            "no call fails; it exits in order",
            StartFaults::stoppedTwice),
    STOPPED_WHILE_IT_STARTS(
            "SIGTERM to a worker or an ingress within 6 s of its start; another starts",
            "it exits in order",
            StartFaults::stoppedWhileItStarts),
    KAFKA_ABSENT(
            "a worker and an ingress start while no broker runs, for 10 s",
            "they are live and not ready; 503",
            StartFaults::kafkaAbsent),
    REDIS_ABSENT(
            "a worker and an ingress start while no Redis runs, for 10 s",
            "they are live; outcomes are still found",
            StartFaults::redisAbsent),
    MODEL_TRUNCATED(
            "a worker starts with a second model whose file is cut short",
            "that model alone is refused",
            StartFaults::modelTruncated);

    private final String making;
    private final String rule;

    @SuppressWarnings("ImmutableEnumChecker") // a reference to a static method
    private final Strike strike;

    private interface Strike {
        Struck at(Scene scene) throws IOException, InterruptedException;
    }

    Fault(String making, String rule, Strike strike) {
        this.making = making;
        this.rule = rule;
        this.strike = strike;
    }

    /** Its name on the command line and in reports. */
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static Optional<Fault> labelled(String label) {
        return Arrays.stream(values())
                .filter(each -> each.label().equals(label))
                .findFirst();
    }

    /** All that can be made with so many brokers, on this machine. */
    static List<Fault> possible(int brokers) {
        return Arrays.stream(values()).filter(each -> each.isPossible(brokers)).toList();
    }

    boolean isPossible(int brokers) {
        return switch (this) {
            case LEADER_KILLED, CONTROLLER_KILLED, MAJORITY_KILLED -> brokers == 3;
            case BROKER_UNREACHABLE -> Network.canBeCut();
            default -> true;
        };
    }

    /** How it is made. */
    String making() {
        return making;
    }

    /** What must hold while it burns, beside the promise. */
    String rule() {
        return rule;
    }

    /**
     * Makes the fault, and returns once it is proven.
     *
     * @throws NotStruckException when there is no proof
     */
    Struck strike(Scene scene) throws IOException, InterruptedException {
        return strike.at(scene);
    }
}
