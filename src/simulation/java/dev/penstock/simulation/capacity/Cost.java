package dev.penstock.simulation.capacity;

/**
 * What things cost. The planner and the simulation take their costs from here alone. A measured cost names the page that has the
 * measurement and the words there. {@code CostTest} holds both, and the table of docs/capacity.md, together.
 */
public enum Cost {
    HTTP(
            35,
            "µs of a core",
            "an ingress's HTTP, per request",
            Source.BENCHMARKS,
            "| mlp-19mb | 198 | 70 (64) | 35 | 32 | 27 |"),
    HTTP_KIB(
            1.1,
            "µs of a core",
            "the same, for each KiB of request and reply",
            Source.BENCHMARKS,
            "| 60 | 170 | 100 | 20 | 40 |"),
    CLIENTS(
            27,
            "µs of a core",
            "Kafka's clients of ingress and worker, per request",
            Source.BENCHMARKS,
            "| 35 | 32 | 27 | 8 | 22 |"),
    CLIENTS_KIB(3.2, "µs of a core", "the same, for each KiB", Source.BENCHMARKS, "| 60 | 170 | 100 | 20 | 40 |"),
    BROKER(
            32,
            "µs of a core",
            "a broker without replicas, per request, both ways",
            Source.BENCHMARKS,
            "| 35 | 32 | 27 | 8 | 22 |"),
    BROKER_KIB(6, "µs of a core", "the same, for each KiB", Source.BENCHMARKS, "| 60 | 170 | 100 | 20 | 40 |"),
    WAY(
            2,
            "ms",
            "a synchronous call without its run and its queue, p99 at 4,200/s",
            Source.GPU,
            "4,200/s in an open loop: p50 0.9 ms, p99 2.0 ms"),
    RECORD(400, "bytes", "headers and frame of a record, at most", Source.TESTS, "CostTest"),
    REDIS(450, "bytes", "key and bookkeeping of an outcome in Redis, at most", Source.TESTS, "CostTest"),
    REPLICA(
            0.5,
            "of the leader's work",
            "what each further replica costs the brokers",
            Source.ASSUMED,
            "a follower writes what the leader writes, and serves nobody"),
    STANDSTILL(1, "s", "nobody reads a partition that moves", Source.ASSUMED, "three heartbeats of 300 ms"),
    PARTITIONS_OF_BROKER(
            4000, "partitions", "replicas on one broker, at most", Source.ASSUMED, "the advice of Kafka's makers"),
    DISK(0.6, "of the disk", "full at most", Source.ASSUMED, "room for a broker that is lost"),
    CORES(0.5, "of the cores", "busy at most", Source.ASSUMED, "room for bursts, and for a process that is lost");

    /** Where a cost comes from. */
    enum Source {
        BENCHMARKS("docs/benchmarks.md"),
        GPU("docs/gpu.md"),
        /** A test measures it. */
        TESTS(""),
        /** Nobody measured it here. */
        ASSUMED("");

        final String page;

        Source(String page) {
            this.page = page;
        }

        boolean isMeasuredOnAPage() {
            return !page.isEmpty();
        }
    }

    private final double value;
    private final String unit;
    private final String meaning;
    private final Source source;
    private final String words;

    Cost(double value, String unit, String meaning, Source source, String words) {
        this.value = value;
        this.unit = unit;
        this.meaning = meaning;
        this.source = source;
        this.words = words;
    }

    /** In its own unit. */
    public double value() {
        return value;
    }

    /** Of a cost in s, ms or µs. */
    public double seconds() {
        return switch (unit.split(" ", 2)[0]) {
            case "s" -> value;
            case "ms" -> value / 1e3;
            case "µs" -> value / 1e6;
            default -> throw new IllegalStateException(this + " must be a time, was in " + unit);
        };
    }

    Source source() {
        return source;
    }

    /** What the source says, or why it is assumed. */
    String words() {
        return words;
    }

    /** A line of the table in docs/capacity.md. */
    String row() {
        String from = switch (source) {
            case BENCHMARKS -> "[benchmarks.md](benchmarks.md#bench-batching)";
            case GPU -> "[gpu.md](gpu.md#measured)";
            case TESTS -> "`" + words + "` measures it";
            case ASSUMED -> "assumed: " + words;
        };
        String number = value == Math.rint(value) ? "%,d".formatted((long) value) : Double.toString(value);
        return "| %s | %s %s | %s |".formatted(meaning, number, unit, from);
    }
}
