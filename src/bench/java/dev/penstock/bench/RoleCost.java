package dev.penstock.bench;

import java.util.Map;

/**
 * What a load cost one process.
 *
 * @param systemMicros the part of the processor time that was spent in the system
 * @param threadMicros processor time by the name of the threads
 */
record RoleCost(
        String role,
        long cpuMicros,
        long systemMicros,
        long allocatedBytes,
        long switches,
        Map<String, Long> threadMicros) {}
