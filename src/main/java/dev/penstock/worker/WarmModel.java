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
 * @param runs the measured warm-up runs of all sessions
 * @param remarks what is special about it, for operators and callers
 * @param features the join of its features; empty when it has none
 */
public record WarmModel(
        ModelDefinition definition,
        List<Session> sessions,
        List<MeasuredRun> runs,
        List<String> remarks,
        Optional<FeatureJoin> features) {

    String version() {
        return Long.toString(definition.version());
    }

    /** The inputs and outputs that requests see. */
    Signature signature() {
        return features.map(FeatureJoin::announced).orElse(definition.graph().signature());
    }
}
