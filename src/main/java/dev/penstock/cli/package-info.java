/**
 * The command line {@code ./penstock}: its commands, help, messages and exit codes. Imports the JDK, picocli and the
 * diagnosis only, so that the launcher compiles it in seconds. Absent from the production package.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.cli;
