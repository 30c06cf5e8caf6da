package dev.penstock.cli;

import java.util.List;

/** The groups of commands, in the order of {@code ./penstock --help}. */
enum Group {
    RUN("Run it", List.of("up", "kafka")),
    MODELS("Models", List.of("models")),
    TENANTS("Tenants and keys", List.of("key")),
    DEVELOP("Develop", List.of("test", "bench", "simulate", "mutants", "fuzz", "jdk", "completion"));

    private final String title;
    private final List<String> commands;

    Group(String title, List<String> commands) {
        this.title = title;
        this.commands = commands;
    }

    String title() {
        return title;
    }

    List<String> commands() {
        return commands;
    }
}
