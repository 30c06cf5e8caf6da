package dev.penstock.worker;

import dev.penstock.model.ModelDefinition;
import dev.penstock.model.Session;
import dev.penstock.protocol.Signature;
import java.util.List;

/**
 * A model version whose sessions are loaded and warm.
 *
 * @param rowsPerSecond of all sessions together, in full batches
 */
record WarmModel(ModelDefinition definition, List<Session> sessions, double rowsPerSecond) {

    String version() {
        return Long.toString(definition.version());
    }

    Signature signature() {
        return definition.graph().signature();
    }
}
