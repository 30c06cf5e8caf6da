package dev.penstock.worker;

import dev.penstock.model.ModelDefinition;
import dev.penstock.model.Session;
import dev.penstock.protocol.Signature;
import java.util.List;
import java.util.Optional;

/**
 * A model version whose sessions are loaded and warm.
 *
 * @param features how its features are looked up; empty when it has none
 * @param rowsPerSecond of all sessions together, in full batches
 */
record WarmModel(
        ModelDefinition definition, List<Session> sessions, double rowsPerSecond, Optional<FeatureJoin> features) {

    String version() {
        return Long.toString(definition.version());
    }

    /** What requests send. */
    Signature signature() {
        return features.map(FeatureJoin::announced).orElse(definition.graph().signature());
    }
}
