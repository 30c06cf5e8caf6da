package dev.penstock.cli.command;

import picocli.CommandLine.Command;

/** {@code ./penstock completion}. */
@Command(
        name = "completion",
        description = "Prints a script that completes commands and options in bash and zsh.",
        footer = {"", "Load it in bash with: source <(./penstock completion)", "docs/cli.md says how to load it in zsh."
        })
public interface CompletionCommand {}
