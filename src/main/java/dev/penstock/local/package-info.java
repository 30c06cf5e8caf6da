/**
 * The local stack: a real broker and a real Redis inside one JVM, for laptops, demos and tests. Imports the command line alone; meets
 * the service only through configuration, and is absent from the production package.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.local;
