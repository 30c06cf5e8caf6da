package dev.penstock.model.remote;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.config.Batching;
import dev.penstock.model.config.ModelNames;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.RunMode;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.TensorSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** What a centre says of a model: the metadata of the Open Inference Protocol, and what a Penstock adds. */
final class CentreMetadata {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_TENSORS = 10_000;

    private CentreMetadata() {}

    /**
     * The inputs and outputs of the model. Requests share a run where the centre says that their rows are independent, or {@code batching}
     * does, and each tensor has rows in its first dimension.
     *
     * @param model its name at the centre
     * @throws IOException when this is no description of that model
     * @throws ModelRefusedException when the model is described, and cannot be served
     */
    static Signature signature(byte[] json, String model, Batching batching) throws IOException, ModelRefusedException {
        JsonNode node = described(json, model);
        Optional<String> shares = sharesRuns(node, batching);
        Set<String> shared =
                Set.of(node.path("properties").path("shared_inputs").asText().split(", *"));
        List<TensorSpec> inputs = specs(node, "inputs", shared);
        List<TensorSpec> outputs = specs(node, "outputs", Set.of());
        boolean haveRows = inputs.stream().anyMatch(TensorSpec::hasRows)
                && inputs.stream().allMatch(input -> input.hasRows() || shared.contains(input.name()))
                && outputs.stream().allMatch(TensorSpec::hasRows);
        if (shares.isPresent() && haveRows) {
            return new Signature(inputs, outputs, List.of(), RunMode.batched(shares.get()));
        }
        String reason = haveRows
                ? "its centre does not say that rows are independent (batching: trusted says so)"
                : "not every tensor has rows in its first dimension";
        return new Signature(withoutRows(inputs), withoutRows(outputs), List.of(), RunMode.oneByOne(reason));
    }

    /**
     * The versions of the model that the centre serves, ascending.
     *
     * @throws IOException when this is no description of that model
     */
    static SortedSet<Long> versions(byte[] json, String model) throws IOException {
        SortedSet<Long> versions = new TreeSet<>();
        for (JsonNode version : described(json, model).path("versions")) {
            if (!ModelNames.isVersion(version.asText())) {
                throw new IOException("its versions must be positive integers, one was '" + version.asText() + "'");
            }
            versions.add(Long.parseLong(version.asText()));
        }
        return versions;
    }

    private static JsonNode described(byte[] json, String model) throws IOException {
        JsonNode node = JSON.readTree(json);
        String name = node.path("name").asText();
        if (!name.equals(model)) {
            throw new IOException("its metadata must be of model '" + model + "', was of '" + name + "'");
        }
        return node;
    }

    /** The reason why requests may share runs; empty if they may not. */
    private static Optional<String> sharesRuns(JsonNode node, Batching batching) {
        String centre = node.path("properties").path("batching").asText();
        if (centre.equals(RunMode.Kind.BATCHED.label())) {
            return Optional.of("its centre says that requests may share runs");
        }
        return centre.isEmpty() && batching == Batching.TRUSTED
                ? Optional.of("model.yaml says that rows are independent")
                : Optional.empty();
    }

    private static List<TensorSpec> specs(JsonNode node, String side, Set<String> shared)
            throws IOException, ModelRefusedException {
        JsonNode tensors = node.path(side);
        if (!tensors.isArray() || tensors.size() > MOST_TENSORS) {
            throw new IOException("its metadata must have a list of " + side + " of " + MOST_TENSORS + " at most");
        }
        List<TensorSpec> specs = new ArrayList<>();
        for (JsonNode tensor : tensors) {
            String name = tensor.path("name").asText();
            Shape shape = shape(tensor.path("shape"), name);
            boolean hasRows = shape.rank() > 0 && shape.dimension(0) == Shape.VARIABLE && !shared.contains(name);
            List<String> labels = new ArrayList<>();
            tensor.path("parameters").path("labels").forEach(label -> labels.add(label.asText()));
            specs.add(new TensorSpec(
                    name, datatype(tensor, name), shape, hasRows ? OptionalInt.of(0) : OptionalInt.empty(), labels));
        }
        return specs;
    }

    private static Shape shape(JsonNode node, String tensor) throws IOException {
        long[] dimensions = new long[node.size()];
        for (int i = 0; i < dimensions.length; i++) {
            JsonNode dimension = node.path(i);
            if (!dimension.canConvertToInt() || dimension.asInt() < Shape.VARIABLE) {
                throw new IOException("the shape of '" + tensor + "' must have whole numbers of -1 or more");
            }
            dimensions[i] = dimension.asInt();
        }
        return Shape.of(dimensions);
    }

    private static Datatype datatype(JsonNode tensor, String name) throws ModelRefusedException {
        String datatype = tensor.path("datatype").asText();
        try {
            return Datatype.valueOf(datatype);
        } catch (IllegalArgumentException unknown) {
            throw new ModelRefusedException(
                    "its centre declares '" + name + "' as '" + datatype + "', which is no datatype of the protocol",
                    unknown);
        }
    }

    private static List<TensorSpec> withoutRows(List<TensorSpec> specs) {
        return specs.stream()
                .map(spec -> spec.withRows(spec.shape(), OptionalInt.empty()))
                .toList();
    }
}
