package dev.penstock.zoo.reference;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What ONNX Runtime answers for one model.
 *
 * @param cannotRun why the Java API cannot run the model; empty if it can
 * @param isRepeatable whether the same request gets the same answer again; otherwise only the shapes of answers can be compared
 * @param cases requests with their answers. Those of a model that the Java API cannot run have the outputs of its test data
 * @param notes what else was found, such as an answer that is not the one of the test data
 */
public record Reference(Optional<String> cannotRun, boolean isRepeatable, List<Case> cases, List<String> notes) {

    /** What a request is made of. */
    public enum Kind {
        /** A set of the model's test data, or made up where it has none. */
        GIVEN,
        /** Other values, and other rows where the number of rows is variable. */
        ALTERED,
        /** 70 rows: more than a batch has. */
        MANY_ROWS
    }

    /** A request, and the right answer to it. */
    public record Case(Kind kind, String name, List<Value> inputs, List<Value> outputs) {
        public Case {
            inputs = List.copyOf(inputs);
            outputs = List.copyOf(outputs);
        }
    }

    public Reference {
        cases = List.copyOf(cases);
        notes = List.copyOf(notes);
    }

    /**
     * Runs a model in this process, which it may end.
     *
     * @param dataSets its folders {@code test_data_set_*}; without any, input is made up
     */
    public static Reference of(Path model, List<Path> dataSets) throws IOException {
        return CaseMaker.of(model, dataSets);
    }

    static Reference none(String reason) {
        return new Reference(Optional.of(reason), true, List.of(), List.of());
    }

    /** What remains of interest after the cases were compared. */
    public Reference withoutCases() {
        return new Reference(cannotRun, isRepeatable, List.of(), notes);
    }

    void write(DataOutputStream out) throws IOException {
        out.writeBoolean(cannotRun.isPresent());
        out.writeUTF(cannotRun.orElse(""));
        out.writeBoolean(isRepeatable);
        out.writeInt(cases.size());
        for (Case each : cases) {
            out.writeUTF(each.kind.name());
            out.writeUTF(each.name);
            writeAll(each.inputs, out);
            writeAll(each.outputs, out);
        }
        out.writeInt(notes.size());
        for (String note : notes) {
            out.writeUTF(note);
        }
    }

    static Reference read(DataInputStream in) throws IOException {
        boolean cannotRun = in.readBoolean();
        Optional<String> reason = Optional.of(in.readUTF()).filter(text -> cannotRun);
        boolean isRepeatable = in.readBoolean();
        List<Case> cases = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            cases.add(new Case(Kind.valueOf(in.readUTF()), in.readUTF(), readAll(in), readAll(in)));
        }
        List<String> notes = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            notes.add(in.readUTF());
        }
        return new Reference(reason, isRepeatable, cases, notes);
    }

    private static void writeAll(List<Value> values, DataOutputStream out) throws IOException {
        out.writeInt(values.size());
        for (Value value : values) {
            value.write(out);
        }
    }

    private static List<Value> readAll(DataInputStream in) throws IOException {
        List<Value> values = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            values.add(Value.read(in));
        }
        return values;
    }
}
