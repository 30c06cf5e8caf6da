package dev.penstock.cli.command;

import picocli.CommandLine.Command;

/** {@code ./penstock jdk}. */
@Command(
        name = "jdk",
        description = "Prints the home of the JDK that the other commands use.",
        footer = {"", "Example: JAVA_HOME=$(./penstock jdk) ./mvnw package"})
public interface JdkCommand {}
