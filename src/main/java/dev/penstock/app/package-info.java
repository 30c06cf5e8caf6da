/** The composition root: configuration, wiring of the roles, health. Imports everything; nothing imports it. */
@org.jspecify.annotations.NullMarked
package dev.penstock.app;
