package dev.penstock.worker.intake.rules;

import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.loop.Task;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Lets suspects run alone, so that it is known which of them ends a process. Meanwhile other tasks of the model wait here. Confined to one
 * thread.
 */
final class Trials {
    private final Deque<Task> suspects = new ArrayDeque<>();
    private final Deque<Task> others = new ArrayDeque<>();
    private Optional<AcceptedRecord> running = Optional.empty();

    void add(Task suspect) {
        suspects.add(suspect);
    }

    void hold(Task other) {
        others.add(other);
    }

    boolean areOn() {
        running = running.filter(record -> !record.isSettled());
        return running.isPresent() || !suspects.isEmpty();
    }

    /** Tasks that wait here. */
    int waiting() {
        return suspects.size() + others.size();
    }

    /** The next suspect, unless one runs. */
    Optional<Task> next() {
        return areOn() && running.isEmpty() ? Optional.of(suspects.getFirst()) : Optional.empty();
    }

    /** The next suspect runs from now on. */
    void begin() {
        running = Optional.of(suspects.removeFirst().record());
    }

    /** Tasks that need not wait any more. */
    List<Task> released() {
        if (others.isEmpty() || areOn()) {
            return List.of();
        }
        List<Task> released = List.copyOf(others);
        others.clear();
        return released;
    }

    /** Removes and returns the waiting tasks of these partitions. */
    List<Task> remove(Collection<LogPartition> partitions) {
        Predicate<Task> isTheirs =
                task -> partitions.contains(task.record().source().partition());
        List<Task> removed = new ArrayList<>(suspects.stream().filter(isTheirs).toList());
        removed.addAll(others.stream().filter(isTheirs).toList());
        suspects.removeIf(isTheirs);
        others.removeIf(isTheirs);
        return removed;
    }

    /** Removes and returns all suspects that wait. */
    List<Task> removeSuspects() {
        List<Task> removed = List.copyOf(suspects);
        suspects.clear();
        return removed;
    }
}
