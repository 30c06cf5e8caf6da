package dev.penstock.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What {@code nvidia-smi} says of one GPU.
 *
 * @param gpu its number
 * @param utilization in 0..1; empty where the driver does not tell it, as under MIG
 * @param memoryUsedRatio in 0..1; likewise
 */
record GpuReading(String gpu, OptionalDouble utilization, OptionalDouble memoryUsedRatio) {
    /** The columns to ask for. */
    static final String COLUMNS = "index,utilization.gpu,memory.used,memory.total";

    private static final int COLUMN_COUNT = 4;

    /** Reads comma-separated lines without header and units. A line of another form, such as a warning, is skipped. */
    static List<GpuReading> parse(String output) {
        List<GpuReading> readings = new ArrayList<>();
        for (String line : output.lines().toList()) {
            String[] columns = line.split(",", -1);
            if (columns.length == COLUMN_COUNT && number(columns[0]).isPresent()) {
                readings.add(new GpuReading(
                        columns[0].strip(),
                        ratio(number(columns[1]), OptionalDouble.of(100)),
                        ratio(number(columns[2]), number(columns[3]))));
            }
        }
        return readings;
    }

    private static OptionalDouble ratio(OptionalDouble part, OptionalDouble whole) {
        return part.isPresent() && whole.isPresent() && whole.getAsDouble() > 0
                ? OptionalDouble.of(part.getAsDouble() / whole.getAsDouble())
                : OptionalDouble.empty();
    }

    /** Empty for {@code [N/A]} and the like. */
    private static OptionalDouble number(String column) {
        try {
            return OptionalDouble.of(Double.parseDouble(column.strip()));
        } catch (NumberFormatException untold) {
            return OptionalDouble.empty();
        }
    }
}
