package dev.penstock.worker;

import dev.penstock.model.MeasuredRun;
import dev.penstock.model.ModelDefinition;
import dev.penstock.model.Session;
import dev.penstock.protocol.Signature;
import java.util.List;

/**
 * A model version whose sessions are loaded and warm.
 *
 * @param runs what the warm-up runs of all sessions took
 * @param rowsPerSecond of all sessions together, in full batches
 */
record WarmModel(ModelDefinition definition, List<Session> sessions, List<MeasuredRun> runs, double rowsPerSecond) {

    String version() {
        return Long.toString(definition.version());
    }

    Signature signature() {
        return definition.graph().signature();
    }
}
