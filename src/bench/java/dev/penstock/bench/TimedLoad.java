package dev.penstock.bench;

import java.io.IOException;
import java.time.Duration;

/** A load that lasts for about as long as it is asked to. */
interface TimedLoad {
    LoadResult run(Target target, Duration lasting) throws IOException, InterruptedException;
}
