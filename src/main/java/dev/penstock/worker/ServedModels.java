package dev.penstock.worker;

import dev.penstock.features.cache.FeatureCache;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.messages.Announcement;
import dev.penstock.messages.Topics;
import dev.penstock.model.repository.ModelDefinition;
import dev.penstock.threads.Faults;
import dev.penstock.threads.TroubleLog;
import dev.penstock.worker.intake.Membership;
import dev.penstock.worker.join.FeatureJoin;
import dev.penstock.worker.join.FeatureUpdates;
import dev.penstock.worker.reply.Announcer;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RetriableException;
import org.jboss.logging.Logger;

/**
 * Serves and announces models that are loaded, each as soon as Kafka has its topics. What cannot be served yet is kept for another try, and
 * holds back no other model. Several threads may serve models at once, but each model is one thread's at a time.
 */
final class ServedModels implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(ServedModels.class);
    private static final Duration GROUP_TIMEOUT = Duration.ofSeconds(2);

    private final String worker;
    private final Duration commitInterval;
    private final KafkaClients kafka;
    private final Admin admin;
    private final TopicLayout layout;
    private final Announcer announcer;
    private final ModelStates states;
    private final ModelServer.Shared shared;
    private final MeterRegistry registry;
    private final Faults faults;
    private final BooleanSupplier isWarmUpAwaited;
    private final List<ModelServer> servers = new CopyOnWriteArrayList<>();
    private final Map<String, Kept> kept = new ConcurrentHashMap<>();
    private final Map<FeatureCache, FeatureUpdates> updates = new ConcurrentHashMap<>();
    private final Map<String, TroubleLog> troubles = new ConcurrentHashMap<>();

    /** A model that is loaded and cannot be served yet. */
    private record Kept(List<WarmModel> versions, String reason) {}

    /**
     * @param worker its id
     * @param admin of the worker, which closes it
     * @param shared by all servers
     * @param isWarmUpAwaited whether models that others serve, too, wait for the end of the warm-up
     */
    ServedModels(
            String worker,
            Duration commitInterval,
            KafkaClients kafka,
            Admin admin,
            TopicLayout layout,
            Announcer announcer,
            ModelStates states,
            ModelServer.Shared shared,
            MeterRegistry registry,
            Faults faults,
            BooleanSupplier isWarmUpAwaited) {
        this.worker = worker;
        this.commitInterval = commitInterval;
        this.kafka = kafka;
        this.admin = admin;
        this.layout = layout;
        this.announcer = announcer;
        this.states = states;
        this.shared = shared;
        this.registry = registry;
        this.faults = faults;
        this.isWarmUpAwaited = isWarmUpAwaited;
    }

    /** How many models are served, those included that a bug has stopped. */
    int count() {
        return servers.size();
    }

    /** Whether none is kept for another try. */
    boolean areAll() {
        return kept.isEmpty();
    }

    /** Whether no bug has stopped any. */
    boolean areSound() {
        return servers.stream().allMatch(server -> server.failure().isEmpty());
    }

    /** A model that a bug has stopped; empty if there is none. */
    Optional<String> stopped() {
        return servers.stream()
                .filter(server -> server.failure().isPresent())
                .map(server -> "model " + server.model() + " was stopped by a bug")
                .findFirst();
    }

    /** Why a model is kept, after its name; empty if none is. */
    Optional<String> missing() {
        return kept.entrySet().stream()
                .map(model -> "model " + model.getKey() + ": " + model.getValue().reason)
                .findFirst();
    }

    /**
     * Serves a model in the place of what was served in its name until now, or keeps it for another try: its topics may be missing, or Kafka
     * may be away.
     *
     * @param versions all, ascending
     */
    void serve(String name, List<WarmModel> versions) {
        if (isHeldBack(name)) {
            keep(name, versions, "the worker warms up, and others serve the model meanwhile");
            return;
        }
        TroubleLog trouble = troubles.computeIfAbsent(name, none -> new TroubleLog(LOG, "Model " + none));
        try {
            begin(name, versions);
            kept.remove(name);
            trouble.succeeded();
        } catch (ExecutionException | TimeoutException | KafkaException notYet) {
            Throwable cause =
                    notYet instanceof ExecutionException && notYet.getCause() != null ? notYet.getCause() : notYet;
            String reason = String.valueOf(cause.getMessage());
            keep(name, versions, reason);
            trouble.failed("is not served yet, and is tried again", cause);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    /** Tries again to serve the models that are kept. */
    void serveKept() {
        Map.copyOf(kept).forEach((name, model) -> serve(name, model.versions));
    }

    private void keep(String name, List<WarmModel> versions, String reason) {
        kept.put(name, new Kept(versions, reason));
        versions.forEach(version -> states.loading(
                name, version.definition().version(), "it is loaded, and cannot be served yet: " + reason));
    }

    /** What was served in the name of a model is served no longer. */
    void end(String model) {
        kept.remove(model);
        announcer.stop(model);
        retire(model);
    }

    private void retire(String model) {
        List<ModelServer> retired =
                servers.stream().filter(server -> server.model().equals(model)).toList();
        retired.forEach(ModelServer::close);
        servers.removeAll(retired);
    }

    /**
     * A worker joins the group of a model when it is warm: until then it would be given as many partitions as the others, and be slower.
     * Where no other worker is in the group, it joins at once, since a slow worker is better than none.
     */
    private boolean isHeldBack(String model) {
        return isWarmUpAwaited.getAsBoolean() && isServedElsewhere(model);
    }

    private boolean isServedElsewhere(String model) {
        try {
            return admin
                    .describeConsumerGroups(List.of(Topics.workerGroup(model)))
                    .all()
                    .get(GROUP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                    .values()
                    .stream()
                    .anyMatch(group -> !group.members().isEmpty());
        } catch (TimeoutException notYet) {
            return true; // it is asked again, for no longer than the warm-up lasts
        } catch (ExecutionException | KafkaException failure) {
            // Otherwise there is no such group, or this worker may not see it.
            return failure instanceof RetriableException || failure.getCause() instanceof RetriableException;
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void begin(String name, List<WarmModel> versions)
            throws ExecutionException, InterruptedException, TimeoutException {
        layout.create(admin, layout.ofModel(name));
        for (WarmModel version : versions) {
            if (version.features().isPresent()) {
                follow(version.features().get());
            }
        }
        boolean isFirst = servers.stream().noneMatch(server -> server.model().equals(name));
        for (WarmModel version : isFirst ? versions : List.<WarmModel>of()) {
            announcer.announce(
                    announcement(version).notReady()); // measures the broker's clock before anything is timed
        }
        retire(name);
        ModelServer server = new ModelServer(name, versions, Membership.ofGroup(name), shared);
        servers.add(server);
        server.start();
        for (WarmModel version : versions) {
            try {
                announcer.announce(announcement(version));
            } catch (ExecutionException | TimeoutException notYet) {
                LOG.debugf(notYet, "Model %s: the heartbeat announces it", name);
            }
            if (server.failure().isEmpty()) {
                states.serves(name, version.definition().version(), version.remarks());
            }
        }
    }

    private synchronized void follow(FeatureJoin join) throws ExecutionException, InterruptedException {
        if (!updates.containsKey(join.cache())) {
            layout.create(admin, layout.ofView(join.section().view()));
            FeatureUpdates following =
                    new FeatureUpdates(kafka, join.cache(), join.section().datatype(), registry, faults);
            updates.put(join.cache(), following);
            following.awaitFollowing();
        }
    }

    private Announcement announcement(WarmModel model) {
        ModelDefinition definition = model.definition();
        return new Announcement(
                definition.name(),
                model.version(),
                worker,
                model.signature(),
                definition.config().maxRequestRows(),
                definition.config().maxTensorBytes(),
                definition.config().timeout().map(Duration::toMillis).orElse(0L),
                commitInterval.toMillis(),
                model.executionProvider(),
                true,
                Optional.empty(),
                definition.config().scaleToZero());
    }

    /** Without its topic of dead letters a model would lose them. */
    void makeAgain(String topic, Runnable made) {
        for (ModelServer server : servers) {
            if (topic.equals(Topics.deadLetters(server.model()))) {
                layout.makeAgain(admin, layout.deadLetters(server.model()), made);
            }
        }
    }

    /** Those that borrow the sessions of others end before them. */
    @Override
    public void close() {
        servers.forEach(ModelServer::stopTaking);
        servers.stream().filter(ModelServer::borrowsSessions).forEach(ModelServer::close);
        servers.stream().filter(server -> !server.borrowsSessions()).forEach(ModelServer::close);
        for (Kept model : kept.values()) {
            model.versions.forEach(WarmModel::close);
        }
        updates.values().forEach(FeatureUpdates::close);
    }
}
