package dev.penstock.soak;

import java.util.List;
import java.util.Random;

/** What a fault can strike, and where it draws its victims from. */
record Scene(Deployment deployment, Probes probes, Random random) {

    <T> T drawn(List<T> candidates) {
        return candidates.get(random.nextInt(candidates.size()));
    }
}
