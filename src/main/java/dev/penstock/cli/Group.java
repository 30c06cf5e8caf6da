package dev.penstock.cli;

import java.util.List;

/** A group of commands in {@code ./penstock --help}. */
record Group(String title, List<String> commands) {

    /** In the order of help. */
    static final List<Group> ALL = List.of(
            new Group("Run it", List.of("up", "kafka", "train")),
            new Group("Models", List.of("models", "zoo")),
            new Group("Tenants and keys", List.of("key")),
            new Group("Operate", List.of("diagnose", "dead-letters", "ledger")),
            new Group("Develop", List.of("test", "bench", "simulate", "soak", "mutants", "fuzz", "jdk", "completion")));
}
