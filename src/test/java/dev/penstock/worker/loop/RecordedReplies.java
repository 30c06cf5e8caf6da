package dev.penstock.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Tensor;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Notes what was sent. */
final class RecordedReplies implements Replies {
    final Map<String, String> status = new LinkedHashMap<>();
    final Map<String, List<Integer>> rows = new HashMap<>();
    final Map<String, Map<String, Object>> remarks = new HashMap<>();
    final Set<String> cancelled = new HashSet<>();
    Timings timings = Timings.NONE;
    long deliveryNanos;

    @Override
    public long deliveryNanos() {
        return deliveryNanos;
    }

    @Override
    public boolean isCancelled(Task task) {
        return cancelled.contains(task.record().correlationId().toString());
    }

    @Override
    public Outcome outcome(Task task, List<Tensor> batchOutputs, int fromRow, Map<String, Object> remarks) {
        if (!remarks.isEmpty()) {
            this.remarks.put(task.record().correlationId().toString(), remarks);
        }
        rows.put(
                task.record().correlationId().toString(),
                ManualAccelerator.values(batchOutputs.getFirst().rows(fromRow, task.rows())));
        return new Outcome.Succeeded(Payload.json(new byte[0]));
    }

    @Override
    public void send(Task task, Outcome outcome, Timings timings) {
        this.timings = timings;
        assertThat(status.put(task.record().correlationId().toString(), outcome.status()))
                .isNull();
    }
}
