package dev.penstock.inspect;

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

    /** Sizes of variable dimensions, and largest integers, that made-up input is tried with. */
    private static final List<Integer> SIZES = List.of(8, 1, 16, 3, 32, 64, 224, 128, 320, 640, 48);

    private static final List<Integer> MOST = List.of(100, 1, 0);

    private final ZooRepository repository;

    /** @param work a folder for the repository */
    Inspector(Path work) {
        this.repository = new ZooRepository(work);
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
            for (int size : SIZES) {
                for (int most : MOST) {
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
            return OptionalLong.of(Long.parseLong(Files.readString(STATM).split(" ")[1]) * PAGE_BYTES);
        } catch (IOException elsewhere) {
            return OptionalLong.empty();
        }
    }
}
