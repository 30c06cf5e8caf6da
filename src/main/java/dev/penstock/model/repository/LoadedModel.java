package dev.penstock.model.repository;

import dev.penstock.model.MeasuredRun;
import dev.penstock.model.Session;
import java.util.List;

/**
 * A model that has proven itself in its warm-up runs.
 *
 * @param session the caller's to close
 * @param runs what the warm-up runs took, once each shape was known
 * @param rowsPerSecond what this session does with full batches, one after the other
 * @param notes what an operator should know, such as a preferred execution provider that is missing
 */
public record LoadedModel(
        ModelDefinition definition, Session session, List<MeasuredRun> runs, double rowsPerSecond, List<String> notes)
        implements AutoCloseable {

    public LoadedModel {
        runs = List.copyOf(runs);
        notes = List.copyOf(notes);
    }

    @Override
    public void close() {
        session.close();
    }
}
