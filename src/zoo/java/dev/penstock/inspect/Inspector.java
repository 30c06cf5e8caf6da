package dev.penstock.inspect;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.penstock.inspect.Inspection.Refused;
import dev.penstock.inspect.Inspection.Served;
import dev.penstock.model.InferenceException;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.Slot;
import dev.penstock.model.graph.OnnxFile;
import dev.penstock.model.repository.LoadedModel;
import dev.penstock.model.repository.ModelDefinition;
import dev.penstock.model.repository.ModelLoader;
import dev.penstock.model.repository.ModelRepository;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import dev.penstock.zoo.ModelFile;
import dev.penstock.zoo.ZooRepository;
import dev.penstock.zoo.reference.ElementType;
import dev.penstock.zoo.reference.MadeUp;
import dev.penstock.zoo.reference.Value;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;

/** Loads one model after the other as a worker does, from a repository of its own. */
final class Inspector {
    private static final Path STATM = Path.of("/proc/self/statm");
    private static final int PAGE_BYTES = 4096;

    private final ZooRepository repository;

    private Inspector(ZooRepository repository) {
        this.repository = repository;
    }

    /**
     * Loads the runtime, which must not count as memory of the first model.
     *
     * @param work a folder for repositories
     */
    static Inspector open(Path work) throws IOException {
        ValueInfoProto.Builder tensor = ValueInfoProto.newBuilder();
        tensor.getTypeBuilder()
                .getTensorTypeBuilder()
                .setElemType(DataType.FLOAT_VALUE)
                .getShapeBuilder()
                .addDimBuilder()
                .setDimParam("rows");
        byte[] smallest = ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(GraphProto.newBuilder()
                        .setName("smallest")
                        .addInput(tensor.clone().setName("x"))
                        .addOutput(tensor.clone().setName("y"))
                        .addNode(NodeProto.newBuilder()
                                .setOpType("Identity")
                                .addInput("x")
                                .addOutput("y")))
                .build()
                .toByteArray();
        Path folder = Files.createDirectories(work.resolve("smallest"));
        Inspector inspector = new Inspector(new ZooRepository(work.resolve("models")));
        inspector.inspect(ModelFile.of(folder, Files.write(folder.resolve("model.onnx"), smallest)));
        return inspector;
    }

    Inspection inspect(ModelFile model) throws IOException {
        Optional<GraphFacts> facts = GraphFacts.read(model.file());
        repository.fill(List.of(model));
        return new Inspection(
                model.path(),
                model.name(),
                Files.size(model.file()),
                facts,
                serving(new ModelRepository(repository.folder(), OnnxFile.MAX_BYTES).scan()));
    }

    private static Inspection.Serving serving(ModelRepository.Contents contents) {
        if (!contents.refused().isEmpty()) {
            return new Refused(contents.refused().getFirst().reason());
        }
        ModelDefinition definition = contents.found().getFirst();
        OptionalLong before = residentBytes();
        try (LoadedModel loaded = new ModelLoader().load(definition)) {
            OptionalLong after = residentBytes();
            Signature model = loaded.definition().graph().signature();
            var features = definition.config().features();
            return new Served(
                    features.isPresent() ? features.get().announced(model) : model,
                    model.mode(),
                    loaded.rowsPerSecond(),
                    before.isPresent() && after.isPresent()
                            ? OptionalLong.of(Math.max(0, after.getAsLong() - before.getAsLong()))
                            : OptionalLong.empty(),
                    features.isPresent()
                            ? Optional.of(madeUp(features.get().announced(model), 1, 1))
                            : inputThatRuns(loaded, model),
                    loaded.notes());
        } catch (ModelRefusedException refused) {
            return new Refused(refused.reason());
        }
    }

    private static Optional<List<Value>> inputThatRuns(LoadedModel loaded, Signature signature) {
        try (Slot slot = loaded.session().openSlot()) {
            for (int size : MadeUp.SIZES) {
                for (int most : MadeUp.MOST) {
                    List<Value> inputs = madeUp(signature, size, most);
                    if (runs(slot, inputs)) {
                        return Optional.of(inputs);
                    }
                }
            }
        }
        return Optional.empty();
    }

    private static boolean runs(Slot slot, List<Value> inputs) {
        try {
            slot.assemble(List.of(inputs.stream().map(Inspector::tensor).toList()));
            slot.run();
            return true;
        } catch (InferenceException | ArithmeticException | IllegalArgumentException e) {
            return false;
        }
    }

    /** One row. What is too long for a command line is zeros, which need not be typed. */
    private static List<Value> madeUp(Signature signature, int size, int most) {
        List<List<Long>> shapes = new ArrayList<>();
        long elements = 0;
        for (TensorSpec input : signature.inputs()) {
            List<Long> shape = new ArrayList<>();
            for (int i = 0; i < input.shape().rank(); i++) {
                long declared = input.shape().dimension(i);
                shape.add(declared != Shape.VARIABLE ? declared : i == 0 ? 1 : size);
            }
            shapes.add(shape);
            elements += shape.stream().reduce(1L, (a, b) -> a * b);
        }
        List<Value> inputs = new ArrayList<>();
        for (int i = 0; i < shapes.size(); i++) {
            TensorSpec input = signature.inputs().get(i);
            ElementType type = ElementType.valueOf(input.datatype().name());
            inputs.add(
                    elements <= CurlCommand.MAX_TYPED_ELEMENTS
                            ? MadeUp.value(input.name(), type, shapes.get(i), most, new Random(i))
                            : MadeUp.zeros(input.name(), type, shapes.get(i)));
        }
        return inputs;
    }

    private static Tensor tensor(Value value) {
        return new Tensor(
                value.name(),
                Datatype.valueOf(value.type().name()),
                Shape.of(value.shape().stream().mapToLong(Long::longValue).toArray()),
                value.data());
    }

    /** Linux alone tells it without further means. */
    private static OptionalLong residentBytes() {
        try {
            return OptionalLong.of(Long.parseLong(Files.readString(STATM).split(" ", -1)[1]) * PAGE_BYTES);
        } catch (IOException elsewhere) {
            return OptionalLong.empty();
        }
    }
}
