package dev.penstock.worker.loop;

import dev.penstock.batching.Part;
import dev.penstock.protocol.RowLayout;
import dev.penstock.protocol.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Collects the outputs of requests that are split over several batches. A request is kept from the end of its first part to the end of
 * its last. When one part fails or expires, the request does too, and the results of its other parts are dropped. Confined to the
 * loop's thread.
 */
final class SplitRequests {
    private final IdentityHashMap<Task, Collected> open = new IdentityHashMap<>();

    /**
     * The outputs of all rows of a request, in order.
     *
     * @param remarks on any of them
     */
    record All(List<Tensor> outputs, Map<String, Object> remarks) {}

    /** Adds the outputs of a part. Returns those of all rows when this was the last part. */
    Optional<All> add(Part<Task> part, List<Tensor> batchOutputs, int fromRow, Map<String, Object> remarks) {
        Collected collected = open.computeIfAbsent(part.request(), task -> new Collected());
        boolean isLast = account(part, collected);
        if (collected.givenUp) {
            return Optional.empty();
        }
        RowLayout layout = part.request().paddingPlan().layout();
        collected.outputs.put(part.fromRow(), copies(layout, batchOutputs, fromRow, part.rows()));
        collected.remarks.putAll(remarks);
        return isLast ? Optional.of(new All(collected.joined(layout), collected.remarks)) : Optional.empty();
    }

    /** Gives up the request, since a part has failed or expired. Returns whether it is the first, so that the caller replies once. */
    boolean giveUp(Part<Task> part) {
        Collected collected = open.computeIfAbsent(part.request(), task -> new Collected());
        account(part, collected);
        boolean isFirst = !collected.givenUp;
        collected.givenUp = true;
        collected.outputs.clear();
        return isFirst;
    }

    /** Whether another part has failed or expired, so that this one need not run. */
    boolean isGivenUp(Part<Task> part) {
        Collected collected = part.isWhole() ? null : open.get(part.request());
        return collected != null && collected.givenUp;
    }

    int open() {
        return open.size();
    }

    private boolean account(Part<Task> part, Collected collected) {
        collected.rows += part.rows();
        boolean isLast = collected.rows == part.of().rows();
        if (isLast) {
            open.remove(part.request());
        }
        return isLast;
    }

    /** Copies, since the outputs of a batch are valid only until its slot starts again. */
    static List<Tensor> copies(RowLayout layout, List<Tensor> batchOutputs, int fromRow, int rows) {
        List<Tensor> copies = new ArrayList<>(batchOutputs.size());
        for (int i = 0; i < batchOutputs.size(); i++) {
            Tensor view = layout.outputRows(i, batchOutputs.get(i), fromRow, rows);
            copies.add(layout.joinedOutput(i, List.of(view)));
        }
        return copies;
    }

    private static final class Collected {
        private final NavigableMap<Integer, List<Tensor>> outputs = new TreeMap<>();
        private final Map<String, Object> remarks = new HashMap<>();
        private int rows;
        private boolean givenUp;

        List<Tensor> joined(RowLayout layout) {
            List<Tensor> joined = new ArrayList<>();
            for (int i = 0; i < outputs.firstEntry().getValue().size(); i++) {
                int output = i;
                joined.add(layout.joinedOutput(
                        output,
                        outputs.values().stream()
                                .map(piece -> piece.get(output))
                                .toList()));
            }
            return joined;
        }
    }
}
