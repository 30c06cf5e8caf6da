/**
 * Decides how a model is run. {@link dev.penstock.model.probe.RowCandidates} asks the file, {@link dev.penstock.model.probe.RowProbe} the
 * loaded model: it runs made-up rows together and alone, and compares the results.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.model.probe;
