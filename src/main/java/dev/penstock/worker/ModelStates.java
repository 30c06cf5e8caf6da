package dev.penstock.worker;

import dev.penstock.messages.ModelStatus;
import dev.penstock.messages.ModelStatus.State;
import dev.penstock.worker.reply.Announcer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/** The states of the models in this worker's folder. Tells them to the log, to the ingresses, and as a gauge. Thread-safe. */
final class ModelStates {
    private static final Logger LOG = Logger.getLogger(ModelStates.class);

    private final Announcer announcer;
    private final String worker;
    private final Map<String, State> states = new ConcurrentHashMap<>();

    /** @param worker the id of the worker */
    ModelStates(Announcer announcer, String worker, MeterRegistry registry) {
        this.announcer = announcer;
        this.worker = worker;
        for (State state : State.OF_WORKERS) {
            Gauge.builder("inference.models", () -> count(state))
                    .description("Model versions in the worker's folder, by state")
                    .tag("state", state.name().toLowerCase(Locale.ROOT))
                    .register(registry);
        }
    }

    void loading(String model, long version, String reason) {
        told(status(model, Optional.of(Long.toString(version)), State.LOADING, reason));
    }

    /** Versions of the model are fetched, so that it is not known yet which. */
    void fetching(String model, String reason) {
        told(status(model, Optional.empty(), State.LOADING, reason));
    }

    /** No more versions are fetched. */
    void fetched(String model) {
        ModelStatus fetching = status(model, Optional.empty(), State.LOADING, "");
        if (states.remove(fetching.key(), State.LOADING)) {
            announcer.takeBack(fetching);
        }
    }

    /** @param version the name of its folder; empty if the whole model is refused */
    void refused(String model, Optional<String> version, String reason) {
        ModelStatus refusal = status(model, version, State.UNAVAILABLE, reason);
        told(refusal);
        LOG.errorf(
                "Model %s%s is not served: %s",
                model, refusal.version().map(folder -> " version " + folder).orElse(""), refusal.reason());
    }

    /** @param remarks that ingresses show */
    void serves(String model, long version, List<String> remarks) {
        ModelStatus remark =
                status(model, Optional.of(Long.toString(version)), State.READY, String.join("; ", remarks));
        states.put(remark.key(), State.READY);
        if (remarks.isEmpty()) {
            announcer.takeBack(remark);
        } else {
            announcer.tell(remark);
        }
    }

    /** A bug has stopped the model: it is not ready from now on. */
    void stopped(String model, List<String> versions, Throwable bug) {
        announcer.stop(model);
        versions.forEach(version -> told(status(
                model,
                Optional.of(version),
                State.UNAVAILABLE,
                "a bug stopped it on worker " + worker + ", which must be restarted; its log has the stack trace: "
                        + bug)));
    }

    private void told(ModelStatus status) {
        states.put(status.key(), status.state());
        announcer.tell(status);
    }

    private ModelStatus status(String model, Optional<String> version, State state, String reason) {
        return new ModelStatus(model, version, worker, state, reason);
    }

    private long count(State state) {
        return states.values().stream().filter(each -> each == state).count();
    }
}
