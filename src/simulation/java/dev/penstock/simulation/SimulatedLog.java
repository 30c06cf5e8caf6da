package dev.penstock.simulation;

import static java.util.Objects.requireNonNull;

import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import dev.penstock.worker.accepted.HandoverNote;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.OffsetCommit;
import dev.penstock.worker.accepted.Takeover;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The topics of one model: partitions of requests, their owners and their committed offsets. */
final class SimulatedLog {
    static final String MODEL = "simulated";

    private final Map<LogPartition, Partition> partitions = new LinkedHashMap<>();

    /** @param perTopic partitions of each of the model's two topics */
    SimulatedLog(int perTopic) {
        for (Lane lane : Lane.values()) {
            for (int number = 0; number < perTopic; number++) {
                LogPartition name = name(lane, number);
                partitions.put(name, new Partition(name));
            }
        }
    }

    static LogPartition name(Lane lane, int number) {
        return new LogPartition(Topics.requests(MODEL, lane), number);
    }

    Partition partition(LogPartition name) {
        return requireNonNull(partitions.get(name));
    }

    List<Partition> partitions() {
        return List.copyOf(partitions.values());
    }

    /** Records in the order of their offsets, which begin at 0. */
    static final class Partition {
        final LogPartition name;
        private final List<SimulatedRequest> records = new ArrayList<>();
        private int committed;
        private Optional<HandoverNote> note = Optional.empty();
        private SimulatedWorker owner;

        @SuppressWarnings("NullAway.Init") // given to a worker before anything is appended
        Partition(LogPartition name) {
            this.name = name;
        }

        void append(SimulatedRequest request) {
            request.place(name, records.size());
            records.add(request);
        }

        SimulatedRequest record(int offset) {
            return records.get(offset);
        }

        int end() {
            return records.size();
        }

        int committed() {
            return committed;
        }

        SimulatedWorker owner() {
            return owner;
        }

        /** What a new owner learns from the log. */
        Takeover takeover() {
            return new Takeover(committed, end(), note);
        }

        void give(SimulatedWorker worker) {
            owner = worker;
        }

        /** Commits, and checks that the committer owns the partition and has replied to every request before the offset. */
        void commit(SimulatedWorker committer, OffsetCommit commit, Simulation simulation) {
            simulation.require(committer.equals(owner), "a worker committed a partition that is not its own");
            simulation.require(commit.nextOffset() >= committed, "a commit went back");
            simulation.require(commit.nextOffset() <= end(), "a commit is beyond the end of the log");
            note = HandoverNote.parse(commit.metadata());
            for (; committed < commit.nextOffset(); committed++) {
                SimulatedRequest request = records.get(committed);
                simulation.require(
                        !request.outcome.isEmpty(), "an offset was committed before its reply", request.index);
            }
        }
    }
}
