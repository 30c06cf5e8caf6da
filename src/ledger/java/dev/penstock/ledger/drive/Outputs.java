package dev.penstock.ledger.drive;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The outputs of a v2 response in JSON form.
 *
 * @param id the id of the request, which the response repeats; empty where it has none
 */
record Outputs(String id, String modelVersion, List<Output> outputs) {

    /**
     * One output tensor, flattened.
     *
     * @param numbers of a numeric tensor
     * @param others the elements that are no numbers, as text
     */
    record Output(String name, String datatype, List<Double> numbers, List<String> others) {
        Output {
            numbers = List.copyOf(numbers);
            others = List.copyOf(others);
        }

        private boolean isLike(Output other, double tolerance) {
            if (!name.equals(other.name)
                    || !datatype.equals(other.datatype)
                    || numbers.size() != other.numbers.size()
                    || !others.equals(other.others)) {
                return false;
            }
            double allowed = datatype.startsWith("FP") ? tolerance : 0;
            for (int i = 0; i < numbers.size(); i++) {
                double a = numbers.get(i);
                double b = other.numbers.get(i);
                if (Math.abs(a - b) > allowed * Math.max(1, Math.max(Math.abs(a), Math.abs(b)))) {
                    return false;
                }
            }
            return true;
        }
    }

    Outputs {
        outputs = List.copyOf(outputs);
    }

    /** @throws UnreadableException when this is no v2 response */
    static Outputs read(JsonNode response) throws UnreadableException {
        JsonNode outputs = response.path("outputs");
        if (!outputs.isArray() || outputs.isEmpty()) {
            throw new UnreadableException("a response must have outputs: " + UnreadableException.shortened(response));
        }
        List<Output> read = new ArrayList<>();
        for (JsonNode output : outputs) {
            List<Double> numbers = new ArrayList<>();
            List<String> others = new ArrayList<>();
            flatten(output.path("data"), numbers, others);
            if (numbers.isEmpty() && others.isEmpty()) {
                throw new UnreadableException("an output must have data: " + UnreadableException.shortened(output));
            }
            read.add(new Output(
                    output.path("name").asText(), output.path("datatype").asText(), numbers, others));
        }
        return new Outputs(
                response.path("id").asText(), response.path("model_version").asText(), read);
    }

    /** Whether the tensors are the same. Floats may differ by the tolerance, relative to values over 1. */
    boolean isLike(Outputs other, double tolerance) {
        return outputs.size() == other.outputs.size()
                && IntStream.range(0, outputs.size())
                        .allMatch(i -> outputs.get(i).isLike(other.outputs.get(i), tolerance));
    }

    private static void flatten(JsonNode data, List<Double> numbers, List<String> others) {
        for (JsonNode element : data) {
            if (element.isArray()) {
                flatten(element, numbers, others);
            } else if (element.isNumber()) {
                numbers.add(element.asDouble());
            } else {
                others.add(element.asText());
            }
        }
    }
}
