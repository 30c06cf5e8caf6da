package dev.penstock.worker;

import dev.penstock.features.FeatureCaches;
import dev.penstock.features.vector.FeatureView;
import dev.penstock.model.MeasuredRun;
import dev.penstock.model.ModelAwayException;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.Session;
import dev.penstock.model.SubstituteSlot;
import dev.penstock.model.config.FeaturesSection;
import dev.penstock.model.config.FilesSection;
import dev.penstock.model.config.RemoteSection;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.model.repository.LoadedModel;
import dev.penstock.model.repository.ModelDefinition;
import dev.penstock.model.repository.ModelLoader;
import dev.penstock.model.repository.ModelRepository;
import dev.penstock.protocol.Signature;
import dev.penstock.threads.Time;
import dev.penstock.threads.TroubleLog;
import dev.penstock.worker.join.FeatureJoin;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.jboss.logging.Logger;

/**
 * Loads the models of a worker's folder, and tells their states: fetches versions that are elsewhere, opens and warms sessions, asks centres,
 * and finds fallbacks. Thread-safe.
 */
final class ModelLoading {
    private static final Logger LOG = Logger.getLogger(ModelLoading.class);

    private final WorkerConfig config;
    private final ModelRepository repository;
    private final FeatureCaches features;
    private final ModelStates states;
    private final ColdStarts coldStarts;
    private final ModelLoader loader = new ModelLoader();

    /** By name, the newest version of each model that has files here and is loaded. */
    private final Map<String, WarmModel> fallbacks = new ConcurrentHashMap<>();

    /** By name, the models that could not be loaded yet. */
    private final Map<String, Away> away = new ConcurrentHashMap<>();

    /** The names of those among them that are served by their fallback meanwhile. */
    private final Set<String> stoodInFor = ConcurrentHashMap.newKeySet();

    /** By name, what is to be said of the models whose versions are being fetched. */
    private final Map<String, String> fetching = new ConcurrentHashMap<>();

    private final Map<String, TroubleLog> troubles = new ConcurrentHashMap<>();

    /** A model whose centre could not be asked for it. */
    private record Away(ModelDefinition definition, String reason) {}

    ModelLoading(WorkerConfig config, FeatureCaches features, ModelStates states, ColdStarts coldStarts) {
        this.config = config;
        this.repository = new ModelRepository(config.models(), config.maxModelBytes());
        this.features = features;
        this.states = states;
        this.coldStarts = coldStarts;
    }

    ModelRepository repository() {
        return repository;
    }

    /** The models whose centre could not be asked for them when they were loaded. */
    List<ModelDefinition> away() {
        return away.values().stream().map(Away::definition).toList();
    }

    boolean isAway(String model) {
        return away.containsKey(model);
    }

    /** Why a model is not here yet, and nothing stands in for it, after its name; empty if there is none. */
    Optional<String> missing() {
        return away.entrySet().stream()
                .filter(model -> !stoodInFor.contains(model.getKey()))
                .map(model -> "model " + model.getKey() + ": " + model.getValue().reason)
                .findFirst()
                .or(() -> fetching.entrySet().stream()
                        .map(model -> "model " + model.getKey() + ": " + model.getValue())
                        .findFirst());
    }

    /**
     * Fetches the versions that are missing of a model, until they are there or the process ends. Where some are here and their source is
     * away, those serve, and nothing is fetched until the next start.
     *
     * @return all versions that are here in the end, ascending
     */
    List<ModelDefinition> fetch(
            ModelRepository.FetchedModel model, List<ModelDefinition> here, BooleanSupplier isEnding)
            throws InterruptedException {
        RemoteSection remote = model.config().remote().orElseThrow();
        try {
            requireAllowed(remote.files().map(FilesSection::url).orElseThrow());
            requireAllowed(remote.url());
            fetching(model.name(), "its versions are being fetched");
            while (true) {
                try {
                    return fetched(model, ModelLoader.fetch(model, config.maxModelBytes(), isEnding));
                } catch (ModelAwayException notNow) {
                    if (isEnding.getAsBoolean()) {
                        return here;
                    }
                    if (!here.isEmpty()) {
                        LOG.warnf(
                                "Model %s: versions that are not here are not served until the next start. Cause: %s",
                                model.name(), notNow.getMessage());
                        return here;
                    }
                    fetching(model.name(), notNow.getMessage() + "; it is tried again");
                    trouble(model.name()).failed("has no version here, and is tried again", notNow);
                    Thread.sleep(Worker.TRY_AGAIN);
                }
            }
        } catch (ModelRefusedException refused) {
            states.refused(model.name(), Optional.empty(), refused.reason());
            return List.of();
        } finally {
            fetching.remove(model.name());
            states.fetched(model.name());
        }
    }

    private void fetching(String model, String reason) {
        fetching.put(model, reason);
        states.fetching(model, reason);
    }

    private List<ModelDefinition> fetched(ModelRepository.FetchedModel model, SortedMap<Long, String> refusals) {
        refusals.forEach(
                (version, reason) -> states.refused(model.name(), Optional.of(Long.toString(version)), reason));
        ModelRepository.Contents contents = repository.scan(model.name());
        contents.refused().forEach(refusal -> states.refused(refusal.name(), refusal.version(), refusal.reason()));
        trouble(model.name()).succeeded();
        if (contents.found().isEmpty() && contents.refused().isEmpty() && refusals.isEmpty()) {
            states.refused(model.name(), Optional.empty(), "its centre serves no version that could be fetched");
        }
        return contents.found();
    }

    /** The version when it is loaded and warm; empty when it is refused, or its centre is away. */
    Optional<WarmModel> load(ModelDefinition definition) {
        List<Session> sessions = new ArrayList<>();
        List<MeasuredRun> runs = new ArrayList<>();
        boolean isNowhere = isNowhere(definition);
        Set<String> notes = new LinkedHashSet<>();
        Set<String> remarks = new LinkedHashSet<>();
        double rowsPerSecond = 0;
        long grownBytes = 0;
        long start = Time.OF_MACHINE.nanos();
        if (!away.containsKey(definition.name())) {
            LOG.infof("Model %s version %d is being loaded", definition.name(), definition.version());
        }
        try {
            Optional<WarmModel> fallback = substitute(definition);
            ModelDefinition decided = isNowhere ? as(definition, fallback.orElseThrow()) : definition;
            for (int i = 0; i < (isNowhere ? 0 : definition.config().instances()); i++) {
                LoadedModel loaded = decided.isRemote() ? connect(decided) : loader.load(decided);
                decided = loaded.definition();
                notes.addAll(loaded.notes());
                remarks.addAll(loaded.remarks());
                sessions.add(loaded.session());
                runs.addAll(loaded.runs());
                rowsPerSecond += loaded.rowsPerSecond();
                grownBytes += loaded.grownBytes();
            }
            checkSubstitute(decided, fallback);
            coldStarts.happened(definition.name());
            found(definition);
            trouble(definition.name()).succeeded();
            notes.forEach(note -> LOG.infof("Model %s version %d: %s", definition.name(), definition.version(), note));
            LOG.infof(
                    "Model %s version %d is loaded on %s in %s s%s; the process grew by %d MiB meanwhile; it is run %s",
                    definition.name(),
                    definition.version(),
                    sessions.isEmpty() ? "its fallback" : sessions.getFirst().executionProvider(),
                    String.format(Locale.ROOT, "%.1f", (Time.OF_MACHINE.nanos() - start) / 1e9),
                    runs.isEmpty()
                            ? ""
                            : String.format(Locale.ROOT, " and warm: %.0f rows/s in full batches", rowsPerSecond),
                    grownBytes >> 20,
                    decided.graph().signature().mode());
            WarmModel loaded = new WarmModel(
                    decided,
                    sessions,
                    runs,
                    List.copyOf(remarks),
                    join(decided),
                    new WarmModel.Others(overflow(decided), fallback));
            if (!decided.isRemote()) {
                fallbacks.put(decided.name(), loaded);
            }
            return Optional.of(loaded);
        } catch (ModelRefusedException refused) {
            sessions.forEach(Session::close);
            found(definition);
            states.refused(definition.name(), Optional.of(Long.toString(definition.version())), refused.reason());
            return Optional.empty();
        } catch (ModelAwayException notNow) {
            sessions.forEach(Session::close);
            String reason = String.valueOf(notNow.getMessage());
            away.put(definition.name(), new Away(definition, reason));
            if (!stoodInFor.contains(definition.name())) {
                states.loading(definition.name(), definition.version(), reason + "; it is tried again");
            }
            trouble(definition.name()).failed("cannot be loaded yet, and is tried again", notNow);
            return Optional.empty();
        }
    }

    private void found(ModelDefinition definition) {
        away.remove(definition.name());
        stoodInFor.remove(definition.name());
    }

    /** The fallback of a model whose centre could not be asked for it, to be served in its name until it can be; empty if there is none. */
    Optional<WarmModel> standIn(ModelDefinition definition) {
        Away why = away.get(definition.name());
        if (why == null) {
            return Optional.empty();
        }
        try {
            Optional<WarmModel> fallback = substitute(definition);
            if (fallback.isEmpty()) {
                return Optional.empty();
            }
            ModelDefinition decided = as(definition, fallback.get());
            WarmModel standIn = new WarmModel(
                    decided,
                    List.of(),
                    List.of(),
                    List.of(why.reason + "; its fallback answers until then"),
                    join(decided),
                    new WarmModel.Others(Optional.empty(), fallback));
            stoodInFor.add(definition.name());
            LOG.infof(
                    "Model %s version %d is answered by its fallback until its centre can be asked for it",
                    definition.name(), definition.version());
            return Optional.of(standIn);
        } catch (ModelRefusedException unfit) {
            return Optional.empty(); // it is refused when its centre has been asked
        }
    }

    /** Whether neither a file here nor a centre runs it: its fallback does. */
    private static boolean isNowhere(ModelDefinition definition) {
        return definition.isRemote() && use(definition).equals(Optional.of(RemoteSection.Use.NEVER));
    }

    private static Optional<RemoteSection.Use> use(ModelDefinition definition) {
        return definition.config().remote().map(RemoteSection::use);
    }

    private static ModelDefinition as(ModelDefinition definition, WarmModel fallback) {
        return definition.withGraph(OnnxGraph.of(fallback.definition().graph().signature()));
    }

    /** The model that stands in for this one; only where this one has no files here. */
    private Optional<WarmModel> substitute(ModelDefinition definition) throws ModelRefusedException {
        Optional<String> name = definition.config().remote().flatMap(RemoteSection::fallback);
        if (name.isEmpty() || !definition.isRemote()) {
            return Optional.empty();
        }
        WarmModel fallback = fallbacks.get(name.get());
        if (fallback == null) {
            throw new ModelRefusedException("its fallback '" + name.get()
                    + "' must be a model with files in the same repository, and served by this worker");
        }
        return Optional.of(fallback);
    }

    private static void checkSubstitute(ModelDefinition decided, Optional<WarmModel> fallback)
            throws ModelRefusedException {
        Optional<String> difference = fallback.flatMap(other -> SubstituteSlot.difference(
                decided.graph().signature(), other.definition().graph().signature()));
        if (difference.isPresent()) {
            throw new ModelRefusedException("its fallback must take and return what it does, and "
                    + fallback.get().definition().name() + " " + difference.get());
        }
    }

    private Optional<Session> overflow(ModelDefinition definition) throws ModelRefusedException {
        if (!use(definition).equals(Optional.of(RemoteSection.Use.OVERFLOW))) {
            return Optional.empty();
        }
        requireAllowed(centre(definition));
        return Optional.of(
                ModelLoader.overflow(definition, definition.config().remote().orElseThrow()));
    }

    private LoadedModel connect(ModelDefinition definition) throws ModelRefusedException, ModelAwayException {
        requireAllowed(centre(definition));
        return loader.connect(definition);
    }

    private static URI centre(ModelDefinition definition) {
        return definition.config().remote().orElseThrow().url();
    }

    /** A model comes from a third party, and must not choose whom this process calls. */
    private void requireAllowed(URI url) throws ModelRefusedException {
        boolean isAllowed = config.centres().orElse(Set.of()).stream()
                .map(centre -> centre.replaceAll("/+$", ""))
                .anyMatch(centre ->
                        url.toString().equals(centre) || url.toString().startsWith(centre + "/"));
        if (!isAllowed) {
            throw new ModelRefusedException(url + " must be one of penstock.worker.centres, or below one. They are "
                    + config.centres().map(urls -> String.join(",", urls)).orElse("not set"));
        }
    }

    private Optional<FeatureJoin> join(ModelDefinition definition) throws ModelRefusedException {
        if (definition.config().features().isEmpty()) {
            return Optional.empty();
        }
        FeaturesSection section = definition.config().features().get();
        Signature model = definition.graph().signature();
        section.check(model); // a fallback's signature was not checked before
        boolean servesStale = section.onUnavailable() == FeaturesSection.Fallback.STALE;
        try {
            FeatureView view = new FeatureView(
                    section.view(), section.version(), section.names(), section.defaults(), servesStale);
            return Optional.of(new FeatureJoin(
                    section,
                    features.open(view, section.source()),
                    model,
                    section.announced(model),
                    section.target(model)));
        } catch (IllegalArgumentException broken) {
            throw new ModelRefusedException("its features: " + broken.getMessage(), broken);
        }
    }

    private TroubleLog trouble(String model) {
        return troubles.computeIfAbsent(
                model, name -> new TroubleLog(LOG, "Model " + name, TroubleLog.KNOWN_GRACE_NANOS));
    }
}
