package dev.penstock.worker.intake;

import dev.penstock.worker.reply.Resolution;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

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

    /** Removes and returns those that match. */
    List<T> remove(Predicate<T> matches) {
        List<T> removed = new ArrayList<>();
        for (Entry<T> entry : entries) {
            if (matches.test(entry.request)) {
                removed.add(entry.request);
            }
        }
        entries.removeIf(entry -> matches.test(entry.request));
        return removed;
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
