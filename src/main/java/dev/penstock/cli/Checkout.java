package dev.penstock.cli;

import java.nio.file.Path;

/** The folder of the checkout that the launcher is part of. */
final class Checkout {
    private Checkout() {}

    static Path home() {
        return Path.of(System.getProperty("penstock.home", ""));
    }
}
