package dev.penstock.protocol;

import java.util.List;
import java.util.Optional;

/** What a model takes and gives. Every shape's first dimension counts rows and is variable. */
public record Signature(List<TensorSpec> inputs, List<TensorSpec> outputs) {

    public Signature {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    public Optional<TensorSpec> output(String name) {
        return outputs.stream().filter(output -> output.name().equals(name)).findFirst();
    }
}
