package dev.penstock.inspect;

import dev.penstock.inspect.Inspection.Refused;
import dev.penstock.inspect.Inspection.Served;
import dev.penstock.protocol.RunMode;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What would make a model better to serve: the option of its exporter, or a key of model.yaml. */
final class Advice {
    private Advice() {}

    static List<String> on(Inspection inspection) {
        return inspection
                .facts()
                .map(facts -> switch (inspection.serving()) {
                    case Served served -> onServed(facts, served);
                    case Refused refused -> onRefused(facts, refused);
                })
                .orElse(List.of("export the model again, or fetch it again: the file is no ONNX model"));
    }

    private static List<String> onServed(GraphFacts facts, Served served) {
        List<String> advice = new ArrayList<>();
        if (served.mode().isOneByOne()) {
            oneByOne(facts, served, advice);
        }
        boolean hasLengths = served.signature().inputs().stream().anyMatch(Advice::hasLength);
        if (hasLengths && served.mode().kind() == RunMode.Kind.BATCHED) {
            advice.add("requests of different lengths share runs with 'shape_buckets' in model.yaml"
                    + " (docs/shape-buckets.md)");
        }
        zipMap(facts, advice);
        if (facts.has("StringNormalizer")) {
            advice.add("StringNormalizer needs the locale en_US.UTF-8 on the worker");
        }
        return advice;
    }

    /** The reason of a probe says what could be done. */
    private static void oneByOne(GraphFacts facts, Served served, List<String> advice) {
        String reason = served.mode().reason();
        if (reason.contains("no variable first dimension")) {
            advice.add("requests could share runs: "
                    + variableRows(facts, served.signature().inputs()));
        } else if (reason.contains("quantized dynamically")) {
            advice.add("requests could share runs: quantize it with onnxruntime.quantization.quantize_static,"
                    + " or accept small differences with 'batching: approximate' in model.yaml");
        } else if (reason.contains("made-up") || reason.contains("too long to probe")) {
            advice.add("requests could share runs, if you know that its rows are independent:"
                    + " 'batching: trusted' in model.yaml");
        } else if (reason.contains("no dimension that counts rows")) {
            advice.add("requests could share runs, if another dimension counts the rows: 'batch_axis' in model.yaml");
        }
    }

    private static List<String> onRefused(GraphFacts facts, Refused refused) {
        List<String> advice = new ArrayList<>();
        String reason = refused.reason().toLowerCase(Locale.ROOT);
        if (reason.contains("first dimension") || reason.contains("scalar")) {
            advice.add(variableRows(facts, List.of()));
        } else if (reason.contains("external data")) {
            advice.add("save it as one file: onnx.save(onnx.load(path), path, save_as_external_data=False)");
        } else if (reason.contains("must declare a shape")) {
            advice.add("onnx.save(onnx.shape_inference.infer_shapes(onnx.load(path)), path)");
        } else if (reason.contains("custom operator")) {
            advice.add("export it with operators of ai.onnx, ai.onnx.ml and com.microsoft alone");
        } else if (reason.contains("sequence") || reason.contains("map_type") || reason.contains("optional")) {
            zipMap(facts, advice);
            if (advice.isEmpty()) {
                advice.add(
                        "export it with tensors as inputs and outputs, such as ConcatFromSequence makes of a sequence");
            }
        } else if (reason.contains("warm-up")) {
            advice.add("set warm_up in model.yaml to rows, sizes and values that the model accepts (docs/models.md)");
        }
        return advice;
    }

    private static void zipMap(GraphFacts facts, List<String> advice) {
        if (facts.has("ZipMap")) {
            advice.add("without ZipMap the probabilities are a plain tensor:"
                    + " skl2onnx.to_onnx(model, X, options={'zipmap': False})");
        }
    }

    /** A dimension beside the rows that requests choose. */
    private static boolean hasLength(TensorSpec input) {
        for (int i = 1; i < input.shape().rank(); i++) {
            if (input.shape().dimension(i) == Shape.VARIABLE) {
                return true;
            }
        }
        return false;
    }

    /** How the exporter of this model is told that the first dimension varies. */
    private static String variableRows(GraphFacts facts, List<TensorSpec> inputs) {
        String producer = facts.producer().toLowerCase(Locale.ROOT);
        if (producer.startsWith("pytorch")) {
            return "torch.onnx.export(model, args, path, dynamic_axes={%s})".formatted(axes(inputs))
                    + ", or with dynamo=True: dynamic_shapes=({0: torch.export.Dim('batch')},)";
        }
        if (producer.startsWith("tf2onnx") || producer.startsWith("keras")) {
            return "python -m tf2onnx.convert … --inputs %s"
                    .formatted(inputs.stream()
                            .map(input -> input.name() + ":0" + shape(input))
                            .collect(Collectors.joining(",")));
        }
        if (producer.startsWith("skl2onnx") || producer.startsWith("onnxml") || producer.startsWith("onnxconverter")) {
            return "initial_types=[('%s', FloatTensorType([None, columns]))] at the conversion"
                    .formatted(inputs.isEmpty() ? "input" : inputs.getFirst().name());
        }
        return "export it with a variable first dimension; or, if no Reshape in it fixes the rows,"
                + " onnx.tools.update_model_dims.update_inputs_outputs_dims";
    }

    private static String axes(List<TensorSpec> inputs) {
        return inputs.isEmpty()
                ? "'input': {0: 'batch'}, 'output': {0: 'batch'}"
                : inputs.stream()
                        .map(TensorSpec::name)
                        .map(name -> "'" + name + "': {0: 'batch'}")
                        .collect(Collectors.joining(", "));
    }

    private static String shape(TensorSpec input) {
        return input.shape().with(0, Shape.VARIABLE).toString().replace(" ", "");
    }

    /** For a table: the key words of the advice on one line. */
    static String shortly(List<String> advice) {
        Map<String, String> words = Map.of(
                "dynamic_axes", "variable first dimension",
                "tf2onnx", "variable first dimension",
                "initial_types", "variable first dimension",
                "update_model_dims", "variable first dimension",
                "zipmap", "no ZipMap",
                "shape_buckets", "shape_buckets",
                "batching: approximate", "batching: approximate",
                "batching: trusted", "batching: trusted",
                "batch_axis", "batch_axis");
        return advice.stream()
                .flatMap(text -> words.entrySet().stream()
                        .filter(word -> text.contains(word.getKey()))
                        .map(Map.Entry::getValue))
                .distinct()
                .collect(Collectors.joining(", "));
    }
}
