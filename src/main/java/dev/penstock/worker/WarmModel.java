package dev.penstock.worker;

import dev.penstock.model.MeasuredRun;
import dev.penstock.model.Session;
import dev.penstock.model.repository.ModelDefinition;
import dev.penstock.protocol.Signature;
import dev.penstock.worker.join.FeatureJoin;
import java.util.List;
import java.util.Optional;

/**
 * A model version whose sessions are loaded and warm.
 *
 * @param sessions its own; empty where only the fallback runs it
 * @param runs the measured warm-up runs of all sessions
 * @param remarks what is special about it, for operators and callers
 * @param features the join of its features; empty when it has none
 * @param others that run some of its requests
 */
public record WarmModel(
        ModelDefinition definition,
        List<Session> sessions,
        List<MeasuredRun> runs,
        List<String> remarks,
        Optional<FeatureJoin> features,
        Others others) {

    /**
     * Sessions beside the model's own.
     *
     * @param overflow lets a centre run what would wait too long for them
     * @param fallback runs what they cannot answer in time; a model of its own, which closes its sessions
     */
    public record Others(Optional<Session> overflow, Optional<WarmModel> fallback) {
        static final Others NONE = new Others(Optional.empty(), Optional.empty());
    }

    /** A model that only its own sessions run. */
    public WarmModel(
            ModelDefinition definition,
            List<Session> sessions,
            List<MeasuredRun> runs,
            List<String> remarks,
            Optional<FeatureJoin> features) {
        this(definition, sessions, runs, remarks, features, Others.NONE);
    }

    String version() {
        return Long.toString(definition.version());
    }

    /** The inputs and outputs that requests see. */
    Signature signature() {
        return features.map(FeatureJoin::announced).orElse(definition.graph().signature());
    }

    /** Of the sessions that run most requests. */
    String executionProvider() {
        return sessions.stream()
                .findFirst()
                .map(Session::executionProvider)
                .or(() -> others.fallback().map(WarmModel::executionProvider))
                .orElseThrow();
    }

    /** Frees what no server has taken over. */
    void close() {
        sessions.forEach(Session::close);
        others.overflow().ifPresent(Session::close);
    }
}
