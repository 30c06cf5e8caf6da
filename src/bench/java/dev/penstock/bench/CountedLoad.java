package dev.penstock.bench;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** A load of a number of requests, which follows from the rate of the last time. */
final class CountedLoad implements TimedLoad {
    private static final double FIRST_RATE = 200;
    private static final int MOST = 5_000_000;

    private final int least;
    private final Requests requests;
    private final Map<Target, Double> rates = new HashMap<>();

    /** Sends so many requests. */
    interface Requests {
        LoadResult run(Target target, int requests) throws InterruptedException;
    }

    /** @param least number of requests, however long they take */
    CountedLoad(int least, Requests requests) {
        this.least = least;
        this.requests = requests;
    }

    @Override
    public LoadResult run(Target target, Duration lasting) throws InterruptedException {
        double count = rates.getOrDefault(target, FIRST_RATE) * lasting.toMillis() / 1000;
        LoadResult result = requests.run(target, (int) Math.clamp(count, least, MOST));
        rates.put(target, result.throughputPerSecond());
        return result;
    }
}
