package dev.penstock.bench;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Starts each kind of {@link Contender} on free ports, and waits until it is ready. */
final class Contenders {
    static final String INGRESS = "ingress";
    static final String WORKER = "worker";
    static final String BROKER = "broker";
    /** The role of the only process of a contender. */
    static final String ALL = "all";

    /** How the command line calls {@link #apart}. */
    static final String APART = "apart";

    /** On the management port, down until a warm-up for which it waits has ended. */
    private static final String READY = "/q/health/ready";

    /**
     * A built package and how it is started.
     *
     * @param folder as {@link ChildProcess#PACKAGE}
     * @param jvm options of its JVMs, which override those of {@code up}
     * @param log the names of its logs begin with it
     */
    record Build(Path folder, List<String> jvm, String log) {
        /** This build, as {@code up} starts it. */
        static Build ofThis(String log) {
            return new Build(ChildProcess.PACKAGE, List.of(), log);
        }
    }

    /** A built package and what it serves. */
    private record Served(Build build, Path models, Map<String, String> settings) {
        ChildProcess start(List<String> arguments, String role) throws IOException {
            return ChildProcess.start(
                    build.folder,
                    build.jvm,
                    settings,
                    Map.of("PENSTOCK_WORKER_MODELS", models.toAbsolutePath().toString()),
                    arguments,
                    build.log + "-" + role);
        }
    }

    private Contenders() {}

    /**
     * Ingress, worker and broker, each in a process of its own, as {@code ./penstock up --role} starts them.
     *
     * @param settings configuration of the service, by key
     */
    static Contender apart(String name, Build build, Path models, String model, Map<String, String> settings)
            throws IOException, InterruptedException {
        List<String> ports = ports(5);
        String kafka = "127.0.0.1:" + ports.get(0);
        String redis = "redis://127.0.0.1:" + ports.get(1);
        Served served = new Served(build, models, settings);
        Contender contender = new Contender(name, new Target(local(ports.get(4)), local(ports.get(3)), kafka));
        try {
            contender.add(
                    BROKER,
                    true,
                    served.start(List.of("kafka", "--kafka-port", ports.get(0), "--redis-port", ports.get(1)), BROKER));
            ChildProcess worker = served.start(role(WORKER, ports.get(2), kafka, "--redis", redis), WORKER);
            contender.add(WORKER, false, worker);
            ChildProcess ingress =
                    served.start(role(INGRESS, ports.get(3), kafka, "--redis", redis, "--port", ports.get(4)), INGRESS);
            contender.add(INGRESS, false, ingress);
            worker.awaitReady(local(ports.get(2)).resolve(READY));
            ingress.awaitReady(local(ports.get(3)).resolve(READY));
            return ready(contender, ingress, modelReady(model));
        } catch (IOException | InterruptedException | RuntimeException failed) {
            contender.close();
            throw failed;
        }
    }

    /**
     * One process with everything, as {@code ./penstock up} starts it.
     *
     * @param settings configuration of the service, by key
     */
    static Contender together(String name, Build build, Path models, Map<String, String> settings)
            throws IOException, InterruptedException {
        List<String> ports = ports(4);
        List<String> arguments = List.of(
                "up",
                "--port",
                ports.get(0),
                "--management-port",
                ports.get(1),
                "--kafka-port",
                ports.get(2),
                "--redis-port",
                ports.get(3));
        Target target = new Target(local(ports.get(0)), local(ports.get(1)), "127.0.0.1:" + ports.get(2));
        return alone(
                new Contender(name, target),
                true,
                new Served(build, models, settings).start(arguments, "together"),
                "/v2/health/ready"); // asks for no key
    }

    /** An {@link InPlace}. */
    static Contender inPlace(String name, Path models, String model) throws IOException, InterruptedException {
        String port = ports(1).getFirst();
        return alone(
                new Contender(name, new Target(local(port), local(port), "")),
                false,
                ChildProcess.start(InPlace.class, List.of(port, models.toString(), model), "cost-in-place"),
                modelReady(model));
    }

    private static Contender alone(Contender contender, boolean hasBroker, ChildProcess process, String ready)
            throws IOException, InterruptedException {
        contender.add(ALL, hasBroker, process);
        try {
            return ready(contender, process, ready);
        } catch (IOException | InterruptedException | RuntimeException failed) {
            contender.close();
            throw failed;
        }
    }

    private static Contender ready(Contender contender, ChildProcess asked, String path)
            throws IOException, InterruptedException {
        asked.awaitReady(contender.target().http().resolve(path));
        return contender;
    }

    private static String modelReady(String model) {
        return "/v2/models/" + model + "/ready";
    }

    private static List<String> role(String role, String managementPort, String kafka, String... more) {
        List<String> arguments =
                new ArrayList<>(List.of("up", "--role", role, "--management-port", managementPort, "--kafka", kafka));
        arguments.addAll(List.of(more));
        return arguments;
    }

    private static URI local(String port) {
        return URI.create("http://127.0.0.1:" + port);
    }

    private static List<String> ports(int count) throws IOException {
        return ChildProcess.freePorts(count).stream().map(String::valueOf).toList();
    }
}
