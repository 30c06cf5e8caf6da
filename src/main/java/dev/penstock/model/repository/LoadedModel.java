package dev.penstock.model.repository;

import dev.penstock.model.MeasuredRun;
import dev.penstock.model.Session;
import java.util.List;

/**
 * A loaded model whose warm-up runs succeeded.
 *
 * @param session closed with this model
 * @param runs the durations of the warm-up runs, after a first run of each shape
 * @param rowsPerSecond the throughput of this session with full batches, one after another
 * @param grownBytes by how much the memory of the process grew meanwhile, other models that were loaded at the same time included; 0 where
 *     the system does not tell
 * @param notes messages for the operator, such as a preferred execution provider that is unavailable
 * @param remarks those notes that callers see, too: files that are not read, and runs that were left out
 */
public record LoadedModel(
        ModelDefinition definition,
        Session session,
        List<MeasuredRun> runs,
        double rowsPerSecond,
        long grownBytes,
        List<String> notes,
        List<String> remarks)
        implements AutoCloseable {

    public LoadedModel {
        runs = List.copyOf(runs);
        notes = List.copyOf(notes);
        remarks = List.copyOf(remarks);
    }

    @Override
    public void close() {
        session.close();
    }
}
