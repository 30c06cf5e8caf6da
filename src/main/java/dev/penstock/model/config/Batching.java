package dev.penstock.model.config;

/** {@code batching} in model.yaml: what must be known of a model's rows before they share a run. */
public enum Batching {
    /** A probe at load shows that a row gets the same result alone and beside others. Otherwise one request is one run. */
    PROVEN,
    /** The results may differ a little, as those of dynamically quantized models do. */
    APPROXIMATE,
    /** Whoever wrote model.yaml knows that the rows are independent. The probe only finds where the outputs have their rows. */
    TRUSTED
}
