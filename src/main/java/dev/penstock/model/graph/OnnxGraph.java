package dev.penstock.model.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.RunMode;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.TensorSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/** The inputs and outputs of a model, read from its file without the runtime. Shapes are in signature order. */
public record OnnxGraph(
        Signature signature, List<SymbolicShape> inputShapes, List<SymbolicShape> outputShapes, GraphTraits traits) {
    private static final String INPUT = "input";
    private static final RunMode AS_DECLARED = new RunMode(RunMode.Kind.UNPROVEN, "only its file was read");

    public OnnxGraph {
        inputShapes = List.copyOf(inputShapes);
        outputShapes = List.copyOf(outputShapes);
    }

    /** The graph as it is declared: no dimension counts rows yet. */
    public static OnnxGraph read(ModelProto model) throws ModelRefusedException {
        ZipMapRewrite zipMaps = ZipMapRewrite.of(model.getGraph());
        GraphProto graph = zipMaps.graph();
        Set<String> constants = new HashSet<>();
        for (TensorProto initializer : graph.getInitializerList()) {
            constants.add(initializer.getName());
        }
        for (SparseTensorProto initializer : graph.getSparseInitializerList()) {
            constants.add(initializer.getValues().getName());
        }
        List<ValueInfoProto> inputs = graph.getInputList().stream()
                .filter(input -> !constants.contains(input.getName()))
                .toList();
        if (graph.getOutputCount() == 0) {
            throw new ModelRefusedException("the graph must have at least one output");
        }
        List<SymbolicShape> inputShapes = shapes(INPUT, inputs);
        List<SymbolicShape> outputShapes = shapes("output", graph.getOutputList());
        Signature signature = new Signature(
                specs(INPUT, inputs, inputShapes),
                specs("output", graph.getOutputList(), outputShapes).stream()
                        .map(output -> output.withLabels(zipMaps.labels(output.name())))
                        .toList(),
                List.of(),
                AS_DECLARED);
        return new OnnxGraph(signature, inputShapes, outputShapes, GraphTraits.of(ZipMapRewrite.rewrite(model)));
    }

    /** The graph of a model whose file is elsewhere: all that is known of it is what it takes and returns. */
    public static OnnxGraph of(Signature signature) {
        return new OnnxGraph(
                signature,
                signature.inputs().stream().map(SymbolicShape::unnamed).toList(),
                signature.outputs().stream().map(SymbolicShape::unnamed).toList(),
                GraphTraits.NONE);
    }

    /** This graph with rows in these dimensions of its inputs and outputs. */
    public OnnxGraph withRows(List<OptionalInt> inputAxes, List<OptionalInt> outputAxes, RunMode mode) {
        List<SymbolicShape> inputs = withRows(inputShapes, inputAxes);
        List<SymbolicShape> outputs = withRows(outputShapes, outputAxes);
        return new OnnxGraph(
                new Signature(specs(signature.inputs(), inputs), specs(signature.outputs(), outputs), List.of(), mode),
                inputs,
                outputs,
                traits);
    }

    /**
     * This graph with the outputs that a run has returned: what ran counts, not what was declared.
     *
     * @param ran their shapes, in signature order; empty if nothing ran
     */
    public OnnxGraph asRun(List<Shape> ran) {
        if (ran.isEmpty()) {
            return this;
        }
        List<SymbolicShape> outputs = new ArrayList<>();
        for (int i = 0; i < outputShapes.size(); i++) {
            outputs.add(outputShapes.get(i).asRun(signature.outputs().get(i).name(), ran.get(i)));
        }
        Signature shown =
                new Signature(signature.inputs(), specs(signature.outputs(), outputs), List.of(), signature.mode());
        return new OnnxGraph(shown, inputShapes, outputs, traits);
    }

    /** This graph with labels of these outputs, by name. Other outputs keep theirs. */
    public OnnxGraph withLabels(Map<String, List<String>> labels) {
        List<TensorSpec> outputs = signature.outputs().stream()
                .map(output -> output.withLabels(labels.getOrDefault(output.name(), output.labels())))
                .toList();
        Signature labelled = new Signature(signature.inputs(), outputs, List.of(), signature.mode());
        return new OnnxGraph(labelled, inputShapes, outputShapes, traits);
    }

    /** This graph without rows: one request is one run. */
    public OnnxGraph oneByOne(String reason) {
        return withRows(
                Collections.nCopies(inputShapes.size(), OptionalInt.empty()),
                Collections.nCopies(outputShapes.size(), OptionalInt.empty()),
                RunMode.oneByOne(reason));
    }

    private static List<SymbolicShape> withRows(List<SymbolicShape> shapes, List<OptionalInt> axes) {
        List<SymbolicShape> changed = new ArrayList<>();
        for (int i = 0; i < shapes.size(); i++) {
            changed.add(shapes.get(i).withRows(axes.get(i)));
        }
        return changed;
    }

    private static List<TensorSpec> specs(List<TensorSpec> declared, List<SymbolicShape> shapes) {
        List<TensorSpec> specs = new ArrayList<>();
        for (int i = 0; i < shapes.size(); i++) {
            TensorSpec spec = declared.get(i);
            SymbolicShape shape = shapes.get(i);
            specs.add(spec.withRows(shape.shape(), shape.rowAxis()));
        }
        return specs;
    }

    private static List<TensorSpec> specs(String side, List<ValueInfoProto> values, List<SymbolicShape> shapes)
            throws ModelRefusedException {
        List<TensorSpec> specs = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            ValueInfoProto value = values.get(i);
            int elementType = value.getType().getTensorType().getElemType();
            Datatype datatype = OnnxDatatypes.fromOnnx(elementType)
                    .orElseThrow(() -> new ModelRefusedException(side + " '" + value.getName()
                            + "' has the unsupported datatype " + OnnxDatatypes.nameInOnnx(elementType)));
            specs.add(new TensorSpec(value.getName(), datatype, shapes.get(i).shape(), OptionalInt.empty()));
        }
        return specs;
    }

    private static List<SymbolicShape> shapes(String side, List<ValueInfoProto> values) throws ModelRefusedException {
        List<SymbolicShape> shapes = new ArrayList<>();
        for (ValueInfoProto value : values) {
            shapes.add(shape(side, value));
        }
        return shapes;
    }

    private static SymbolicShape shape(String side, ValueInfoProto value) throws ModelRefusedException {
        String name = side + " '" + value.getName() + "'";
        if (value.getType().getValueCase() != TypeProto.ValueCase.TENSOR_TYPE) {
            throw new ModelRefusedException(name + " must be a tensor, was a " + kind(value.getType())
                    + "; export the model with a tensor in its place");
        }
        TypeProto.Tensor tensor = value.getType().getTensorType();
        if (!tensor.hasShape()) {
            return undeclared(side, value.getName());
        }
        List<Dimension> declared = tensor.getShape().getDimList();
        long[] dimensions = new long[declared.size()];
        List<String> names = new ArrayList<>();
        for (int i = 0; i < dimensions.length; i++) {
            Dimension dimension = declared.get(i);
            // Some exporters write -1 for a variable dimension. The ONNX standard requires no value.
            boolean isFixed = dimension.hasDimValue() && dimension.getDimValue() >= 0;
            dimensions[i] = isFixed ? dimension.getDimValue() : Shape.VARIABLE;
            names.add(dimension.getDimParam().isEmpty() ? value.getName() + "." + i : dimension.getDimParam());
        }
        return new SymbolicShape(Shape.of(dimensions), names, OptionalInt.empty());
    }

    /** The first run shows the shape of an output. That of an input must be known, so that it can run. */
    private static SymbolicShape undeclared(String side, String name) throws ModelRefusedException {
        if (side.equals(INPUT)) {
            throw new ModelRefusedException(
                    "input '" + name + "' must declare a shape; run ONNX shape inference on the model");
        }
        return new SymbolicShape(Shape.of(Shape.VARIABLE), List.of(name + ".0"), OptionalInt.empty());
    }

    private static String kind(TypeProto type) {
        return switch (type.getValueCase()) {
            case SEQUENCE_TYPE -> "sequence of " + kind(type.getSequenceType().getElemType()) + "s";
            case MAP_TYPE -> "map";
            case OPTIONAL_TYPE -> "optional " + kind(type.getOptionalType().getElemType());
            case SPARSE_TENSOR_TYPE -> "sparse tensor";
            case TENSOR_TYPE -> "tensor";
            case OPAQUE_TYPE, VALUE_NOT_SET -> "value of unknown type";
        };
    }
}
