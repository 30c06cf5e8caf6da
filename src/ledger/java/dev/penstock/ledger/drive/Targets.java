package dev.penstock.ledger.drive;

import java.net.URI;
import java.util.List;
import java.util.function.Supplier;

/** Spreads calls evenly over the ingresses that are in service. Thread-safe if its source is. */
final class Targets {
    private final List<URI> all;
    private final Supplier<List<URI>> inService;

    /** @param inService those of them that take calls now; where none does, all are tried */
    Targets(List<URI> all, Supplier<List<URI>> inService) {
        this.all = all;
        this.inService = inService;
    }

    URI of(int number) {
        List<URI> urls = inService.get();
        return urls.isEmpty() ? at(number, all) : at(number, urls);
    }

    private static URI at(int number, List<URI> urls) {
        return urls.get(Math.floorMod(number, urls.size()));
    }
}
