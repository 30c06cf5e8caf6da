package dev.penstock.worker.loop;

import dev.penstock.batching.Part;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Joins the outputs of requests that ran in parts. A request is here from its first part's end to its last's; when one part fails or
 * expires, so has the request, and what comes of its other parts is dropped. Confined to the loop's thread.
 */
final class Joins {
    private final IdentityHashMap<Task, Join> open = new IdentityHashMap<>();

    /** Adds what came of a part. Answers the outputs of all rows, in order, when this was the last. */
    Optional<List<Tensor>> add(Part<Task> part, List<Tensor> batchOutputs, int fromRow) {
        Join join = open.computeIfAbsent(part.request(), task -> new Join());
        boolean isLast = account(part, join);
        if (join.givenUp) {
            return Optional.empty();
        }
        join.outputs.put(part.fromRow(), copies(batchOutputs, fromRow, part.rows()));
        return isLast ? Optional.of(join.joined()) : Optional.empty();
    }

    /** A part has failed or expired. Answers whether it is the request's first to do so, and so is to be told. */
    boolean giveUp(Part<Task> part) {
        Join join = open.computeIfAbsent(part.request(), task -> new Join());
        account(part, join);
        boolean isFirst = !join.givenUp;
        join.givenUp = true;
        join.outputs.clear();
        return isFirst;
    }

    /** Whether nobody needs this part any more. */
    boolean isGivenUp(Part<Task> part) {
        Join join = part.isWhole() ? null : open.get(part.request());
        return join != null && join.givenUp;
    }

    int open() {
        return open.size();
    }

    private boolean account(Part<Task> part, Join join) {
        join.rows += part.rows();
        boolean isLast = join.rows == part.of().rows();
        if (isLast) {
            open.remove(part.request());
        }
        return isLast;
    }

    /** The batch's outputs are valid until its slot starts again. */
    private static List<Tensor> copies(List<Tensor> batchOutputs, int fromRow, int rows) {
        List<Tensor> copies = new ArrayList<>(batchOutputs.size());
        for (Tensor output : batchOutputs) {
            copies.add(joined(List.of(output.rows(fromRow, rows))));
        }
        return copies;
    }

    private static Tensor joined(List<Tensor> pieces) {
        long rows = 0;
        int bytes = 0;
        for (Tensor piece : pieces) {
            rows += piece.shape().rows();
            bytes = Math.addExact(bytes, piece.data().limit());
        }
        ByteBuffer data = ByteBuffer.allocate(bytes);
        for (Tensor piece : pieces) {
            data.put(piece.data().duplicate());
        }
        Tensor first = pieces.getFirst();
        Shape shape = first.shape().withRows(rows);
        return new Tensor(first.name(), first.datatype(), shape, data.flip());
    }

    private static final class Join {
        private final NavigableMap<Integer, List<Tensor>> outputs = new TreeMap<>();
        private int rows;
        private boolean givenUp;

        List<Tensor> joined() {
            List<Tensor> joined = new ArrayList<>();
            for (int i = 0; i < outputs.firstEntry().getValue().size(); i++) {
                int output = i;
                joined.add(Joins.joined(outputs.values().stream()
                        .map(piece -> piece.get(output))
                        .toList()));
            }
            return joined;
        }
    }
}
