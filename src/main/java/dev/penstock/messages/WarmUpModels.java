package dev.penstock.messages;

import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.TensorSpec;
import java.util.List;

/**
 * The models that exist for the warm-up of a process alone. No folder can have such a name, since the names of models begin with a letter
 * or a digit. So their topics are apart from all others, and whoever lists or counts models can leave them out.
 */
public final class WarmUpModels {
    /** An ingress calls it, and answers the calls itself. */
    public static final String OF_INGRESS = "_ingress";

    /** A worker serves it while it warms up, and sends the requests itself. */
    public static final String OF_WORKER = "_worker";

    public static final String VERSION = "1";
    public static final String INPUT = "x";
    public static final String OUTPUT = "scores";

    /** FP32 values in a row of the input. */
    public static final int COLUMNS = 64;

    /** FP32 values in a row of the output. */
    public static final int SCORES = 10;

    public static final Signature SIGNATURE = new Signature(
            List.of(new TensorSpec(INPUT, Datatype.FP32, Shape.of(Shape.VARIABLE, COLUMNS))),
            List.of(new TensorSpec(OUTPUT, Datatype.FP32, Shape.of(Shape.VARIABLE, SCORES))));

    private WarmUpModels() {}

    public static boolean contains(String model) {
        return model.equals(OF_INGRESS) || model.equals(OF_WORKER);
    }
}
