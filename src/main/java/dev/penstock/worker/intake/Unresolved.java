package dev.penstock.worker.intake;

import dev.penstock.worker.reply.Resolution;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/** Requests whose reply topic is being looked up. They count as open work, which bounds them. Confined to the consumer's thread. */
final class Unresolved<T> {
    private final List<Entry<T>> entries = new ArrayList<>();

    private record Entry<T>(T request, CompletableFuture<Resolution> resolution) {}

    void add(T request, CompletableFuture<Resolution> resolution) {
        entries.add(new Entry<>(request, resolution));
    }

    int size() {
        return entries.size();
    }

    /** Hands over those whose look-up has ended. */
    void release(BiConsumer<T, Resolution> resolved) {
        for (Iterator<Entry<T>> each = entries.iterator(); each.hasNext(); ) {
            Entry<T> entry = each.next();
            if (entry.resolution.isDone()) {
                each.remove();
                resolved.accept(entry.request, entry.resolution.join());
            }
        }
    }
}
