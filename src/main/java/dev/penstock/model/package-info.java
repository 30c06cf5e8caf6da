/**
 * The seam to models: a {@link dev.penstock.model.Session} is a loaded model, a {@link dev.penstock.model.Slot} runs one batch on it. Loading
 * ends in a session or in a {@link dev.penstock.model.ModelRefusedException} that says why.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.model;
