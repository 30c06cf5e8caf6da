/**
 * The interface to models. A {@link dev.penstock.model.Session} is a loaded model; a {@link dev.penstock.model.Slot} runs one batch on it.
 * Loading returns a session or throws a {@link dev.penstock.model.ModelRefusedException} with the reason.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.model;
