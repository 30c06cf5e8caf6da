package dev.penstock.cli.command;

import picocli.CommandLine.Command;

/** {@code ./penstock key}. */
@Command(
        name = "key",
        description = "Makes an API key for a tenant. Prints the key, and the hash that goes into the tenants file.",
        footer = {"", "docs/security.md describes keys and the tenants file."})
public interface KeyCommand {}
