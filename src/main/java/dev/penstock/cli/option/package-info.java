/** The rules that the values of options must keep. Help, messages and documents read them from here. */
@org.jspecify.annotations.NullMarked
package dev.penstock.cli.option;
