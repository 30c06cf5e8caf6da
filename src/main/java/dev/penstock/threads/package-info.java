/** Service threads: one base with a name, one fault policy and a bounded stop. No thread ends in silence. */
@org.jspecify.annotations.NullMarked
package dev.penstock.threads;
