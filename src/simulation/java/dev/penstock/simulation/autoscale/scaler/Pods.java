package dev.penstock.simulation.autoscale.scaler;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/** The pods of a worker deployment, and when each becomes ready: its image is pulled, its model is loaded, and it is warmed up. */
public final class Pods {
    /** The times of a start, in seconds. Each is drawn up to a fifth shorter or longer. */
    public record Start(double image, double load, double warmUp) {
        private static final double SPREAD = 0.2;

        private Pod pod(double now, Random random) {
            double running = now + drawn(image, random);
            return new Pod(running, running + drawn(load + warmUp, random));
        }

        private static double drawn(double seconds, Random random) {
            return seconds * (1 + SPREAD * (2 * random.nextDouble() - 1));
        }
    }

    private record Pod(double runningAt, double readyAt) {}

    /** How many there are in each phase. Kubernetes calls a pod pending until its containers run. */
    public record Phases(int pending, int starting, int ready) {
        public int all() {
            return pending + starting + ready;
        }
    }

    /** In the order in which they become ready. */
    private final List<Pod> pods = new ArrayList<>();

    private final Start start;
    private final Random random;

    /** @param ready at the beginning */
    public Pods(int ready, Start start, Random random) {
        this.start = start;
        this.random = random;
        for (int i = 0; i < ready; i++) {
            pods.add(new Pod(0, 0));
        }
    }

    /** A deployment removes first the pods that are not ready, and then the newest. */
    public void scaleTo(int wanted, double now) {
        while (pods.size() > wanted) {
            pods.removeLast();
        }
        while (pods.size() < wanted) {
            pods.add(start.pod(now, random));
        }
        pods.sort(Comparator.comparingDouble(Pod::readyAt));
    }

    public int all() {
        return pods.size();
    }

    public int ready(double now) {
        int ready = pods.size();
        while (ready > 0 && pods.get(ready - 1).readyAt > now) {
            ready--;
        }
        return ready;
    }

    public Phases phases(double now) {
        int running = 0;
        int ready = 0;
        for (Pod pod : pods) {
            running += pod.runningAt <= now ? 1 : 0;
            ready += pod.readyAt <= now ? 1 : 0;
        }
        return new Phases(pods.size() - running, running - ready, ready);
    }
}
