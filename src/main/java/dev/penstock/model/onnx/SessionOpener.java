package dev.penstock.model.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.RunOptions;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import ai.onnxruntime.providers.OrtTensorRTProviderOptions;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.config.ExecutionProvider;
import dev.penstock.model.config.ExecutionProvider.Cpu;
import dev.penstock.model.config.ExecutionProvider.Cuda;
import dev.penstock.model.config.ExecutionProvider.TensorRt;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.config.WarmUp;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.protocol.Shape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Opens native sessions on the execution providers of a model. Skips preferred providers that are unavailable. */
public final class SessionOpener {
    private static final Pattern MISSING_LOCALE = Pattern.compile("Failed to construct locale with name:([\\w.@-]+?):");

    /**
     * A native session, with the native options that must live as long as it does.
     *
     * @param notes the providers that were skipped, with the reasons
     */
    public record OpenedSession(
            OrtSession session,
            SessionOptions options,
            RunOptions runOptions,
            String executionProvider,
            List<String> notes)
            implements AutoCloseable {

        @Override
        public void close() {
            try {
                session.close();
            } catch (OrtException e) {
                throw new IllegalStateException("the session cannot be closed", e);
            } finally {
                runOptions.close();
                options.close();
            }
        }
    }

    private SessionOpener() {}

    /**
     * @param model the bytes of the model, in a direct buffer
     * @throws ModelRefusedException if a required provider is unavailable, or ONNX Runtime cannot load the model
     */
    public static OpenedSession open(ByteBuffer model, OnnxGraph graph, ModelConfig config)
            throws ModelRefusedException {
        List<ExecutionProvider> wanted = new ArrayList<>(config.executionProviders());
        List<String> notes = new ArrayList<>();
        while (true) {
            try {
                return attempt(model, graph, config, wanted, notes);
            } catch (UnavailableException e) {
                if (e.provider.required()) {
                    throw new ModelRefusedException(
                            "execution provider " + e.provider.name() + " is required but unavailable: "
                                    + e.getMessage(),
                            e);
                }
                // The default prefers CUDA. A package without it was chosen as it is, and nothing is amiss.
                if (e.isInPackage || config.choosesProviders()) {
                    notes.add("execution provider " + e.provider.name() + " was skipped: " + e.getMessage());
                }
                wanted.remove(e.provider);
            }
            if (wanted.isEmpty()) {
                throw new ModelRefusedException(
                        String.join("; ", notes) + "; add cpu to execution_providers to fall back on it");
            }
        }
    }

    private static OpenedSession attempt(
            ByteBuffer model, OnnxGraph graph, ModelConfig config, List<ExecutionProvider> wanted, List<String> notes)
            throws ModelRefusedException, UnavailableException {
        // Created before any option, because a provider logs through it when it is added.
        OrtEnvironment environment = OnnxEnvironment.get();
        SessionOptions options = new SessionOptions();
        Optional<RunOptions> runOptions = Optional.empty();
        boolean isOpen = false;
        try {
            runOptions = Optional.of(quietRuns());
            configure(options, wanted);
            for (ExecutionProvider provider : wanted) {
                add(options, provider, graph, config);
            }
            OrtSession session = create(environment, model, options, wanted.get(0));
            isOpen = true;
            return new OpenedSession(
                    session, options, runOptions.get(), wanted.get(0).name(), List.copyOf(notes));
        } catch (OrtException e) {
            throw new ModelRefusedException(whyNot(String.valueOf(e.getMessage())), e);
        } finally {
            if (!isOpen) {
                runOptions.ifPresent(RunOptions::close);
                options.close();
            }
        }
    }

    private static String whyNot(String message) {
        Matcher locale = MISSING_LOCALE.matcher(message);
        return locale.find()
                ? "the operator StringNormalizer needs the locale " + locale.group(1)
                        + ", which this machine lacks; use Penstock's image, or on Debian and Ubuntu run"
                        + " 'apt-get install locales && localedef -i "
                        + locale.group(1).replaceFirst("\\..*", "")
                        + " -f UTF-8 " + locale.group(1) + "' and restart"
                : "ONNX Runtime cannot load the model: " + message;
    }

    /** Silences the runtime. Every failure is returned as an exception; the runtime's own log lines would let bad requests flood the log. */
    static RunOptions quietRuns() throws OrtException {
        RunOptions options = new RunOptions();
        options.setLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
        return options;
    }

    private static void configure(SessionOptions options, List<ExecutionProvider> wanted) throws OrtException {
        int threads = wanted.stream()
                .mapToInt(provider -> provider instanceof Cpu cpu ? cpu.intraOpThreads() : Cpu.DEFAULT.intraOpThreads())
                .max()
                .orElseThrow();
        options.setIntraOpNumThreads(threads);
        options.setInterOpNumThreads(1);
        options.setOptimizationLevel(SessionOptions.OptLevel.ALL_OPT);
        // A model that declares wrong shapes would repeat its warnings on every run.
        options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
        // Spinning threads would take CPU time from Kafka and HTTP.
        options.addConfigEntry("session.intra_op.allow_spinning", "0");
        // The runtime keeps one pattern per input shape forever, and batches have many shapes. Runs are as fast without
        // patterns.
        options.setMemoryPatternOptimization(false);
    }

    private static void add(SessionOptions options, ExecutionProvider provider, OnnxGraph graph, ModelConfig config)
            throws UnavailableException {
        requireInPackage(provider);
        try {
            switch (provider) {
                case Cpu cpu -> {
                    // Always available: ONNX Runtime adds it last by itself.
                }
                case Cuda cuda -> {
                    try (OrtCUDAProviderOptions settings = new OrtCUDAProviderOptions(cuda.deviceId())) {
                        for (Map.Entry<String, String> option : cuda.options().entrySet()) {
                            settings.add(option.getKey(), option.getValue());
                        }
                        options.addCUDA(settings);
                    }
                }
                case TensorRt tensorRt -> {
                    String smallest = profile(graph, config.warmUp().smallest(graph, config));
                    String largest = profile(graph, config.warmUp().largest(graph, config));
                    try (OrtTensorRTProviderOptions settings = new OrtTensorRTProviderOptions(tensorRt.deviceId())) {
                        for (Map.Entry<String, String> option :
                                tensorRt.options(smallest, largest).entrySet()) {
                            settings.add(option.getKey(), option.getValue());
                        }
                        options.addTensorrt(settings);
                    }
                }
            }
        } catch (OrtException e) {
            throw new UnavailableException(provider, e);
        }
    }

    private static void requireInPackage(ExecutionProvider provider) throws UnavailableException {
        OrtProvider library = switch (provider) {
            case Cpu cpu -> OrtProvider.CPU;
            case Cuda cuda -> OrtProvider.CUDA;
            case TensorRt tensorRt -> OrtProvider.TENSOR_RT;
        };
        if (!OrtEnvironment.getAvailableProviders().contains(library)) {
            throw new UnavailableException(provider);
        }
    }

    /** Attributes a failure to the first provider: a provider library without its device fails only here. */
    private static OrtSession create(
            OrtEnvironment environment, ByteBuffer model, SessionOptions options, ExecutionProvider first)
            throws OrtException, UnavailableException {
        try {
            return environment.createSession(model, options);
        } catch (OrtException e) {
            if (first instanceof Cpu) {
                throw e;
            }
            throw new UnavailableException(first, e);
        }
    }

    /** The shapes of a run as TensorRT expects them, as in {@code ids:1x16,mask:1x16}. */
    public static String profile(OnnxGraph graph, WarmUp.Run run) {
        StringJoiner profile = new StringJoiner(",");
        List<Shape> shapes = WarmUp.inputShapes(graph, run);
        for (int i = 0; i < shapes.size(); i++) {
            StringJoiner dimensions = new StringJoiner("x");
            for (long dimension : shapes.get(i).toArray()) {
                dimensions.add(Long.toString(dimension));
            }
            profile.add(UnsignedInputRewrite.feedName(graph.signature().inputs().get(i)) + ":" + dimensions);
        }
        return profile.toString();
    }

    private static final class UnavailableException extends Exception {
        private final transient ExecutionProvider provider;
        private final boolean isInPackage;

        UnavailableException(ExecutionProvider provider, OrtException cause) {
            super(cause.getMessage(), cause);
            this.provider = provider;
            this.isInPackage = true;
        }

        /** This package has not even the provider's library. */
        UnavailableException(ExecutionProvider provider) {
            super("this package is for CPUs; build one for GPUs with ./mvnw package -Dproduction -Pgpu");
            this.provider = provider;
            this.isInPackage = false;
        }
    }
}
