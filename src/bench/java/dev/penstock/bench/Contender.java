package dev.penstock.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Running processes that answer calls together, and what they use. */
final class Contender implements AutoCloseable {
    private final String name;
    private final Target target;
    private final List<Part> parts = new ArrayList<>();

    /** One of the processes. */
    private static final class Part implements AutoCloseable {
        private final String role;
        private final boolean hasBroker;
        private final ChildProcess process;
        private Optional<JvmProbe> probe = Optional.empty();

        Part(String role, boolean hasBroker, ChildProcess process) {
            this.role = role;
            this.hasBroker = hasBroker;
            this.process = process;
        }

        /** Attaches at the first reading: a JVM that starts may not be able to answer yet. */
        JvmProbe probe() throws IOException {
            if (probe.isEmpty()) {
                probe = Optional.of(JvmProbe.attach(process.handle()));
            }
            return probe.get();
        }

        Reading read() throws IOException {
            JvmProbe jvm = probe();
            return new Reading(
                    ProcessUse.of(process.handle()),
                    jvm.allocatedBytes(),
                    hasBroker ? jvm.kafkaRequests() : Map.of(),
                    hasBroker ? jvm.kafkaRecords() : 0);
        }

        @Override
        public void close() {
            try {
                if (probe.isPresent()) {
                    probe.get().close();
                }
            } catch (IOException ended) {
                // Its JVM has ended.
            }
            process.close();
        }
    }

    private record Reading(ProcessUse used, long allocatedBytes, Map<String, Long> requests, long records) {}

    /** A load. */
    interface Drive {
        LoadResult run() throws IOException, InterruptedException;
    }

    Contender(String name, Target target) {
        this.name = name;
        this.target = target;
    }

    /** Adds a process, which ends with this contender, before those that were added earlier. */
    void add(String role, boolean hasBroker, ChildProcess process) {
        parts.add(new Part(role, hasBroker, process));
    }

    String name() {
        return name;
    }

    Target target() {
        return target;
    }

    /** @param load its name */
    CallCost measure(String load, Drive drive) throws IOException, InterruptedException {
        List<Reading> before = read();
        LoadResult result = drive.run();
        List<Reading> after = read();
        List<RoleCost> roles = new ArrayList<>();
        Optional<KafkaCost> kafka = Optional.empty();
        for (int i = 0; i < parts.size(); i++) {
            Reading first = before.get(i);
            Reading last = after.get(i);
            ProcessUse used = last.used().since(first.used());
            roles.add(new RoleCost(
                    parts.get(i).role,
                    used.cpuMicros(),
                    used.systemMicros(),
                    last.allocatedBytes() - first.allocatedBytes(),
                    used.switches(),
                    used.byThreadName()));
            if (parts.get(i).hasBroker) {
                kafka = Optional.of(KafkaCost.of(first.requests(), last.requests(), last.records() - first.records()));
            }
        }
        return new CallCost(load, name, result, roles, kafka);
    }

    private List<Reading> read() throws IOException {
        List<Reading> readings = new ArrayList<>();
        for (Part part : parts) {
            readings.add(part.read());
        }
        return readings;
    }

    /**
     * Samples all processes under a load.
     *
     * @param folder takes the recordings, one for each role
     * @param file their names begin with it
     * @return by role
     */
    Map<String, CpuProfile> profile(Drive drive, Path folder, String file) throws IOException, InterruptedException {
        List<Long> recordings = new ArrayList<>();
        for (Part part : parts) {
            recordings.add(part.probe().record(CpuProfile.SETTINGS));
        }
        drive.run();
        Map<String, CpuProfile> profiles = new LinkedHashMap<>();
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            Path recording = folder.resolve(file + "-" + part.role + ".jfr");
            part.probe().stop(recordings.get(i), recording);
            profiles.put(part.role, CpuProfile.read(recording));
        }
        return profiles;
    }

    @Override
    public void close() {
        parts.reversed().forEach(Part::close);
    }
}
