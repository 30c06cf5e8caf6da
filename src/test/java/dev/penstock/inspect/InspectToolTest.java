package dev.penstock.inspect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.penstock.model.OnnxModels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectToolTest {
    @TempDir
    Path folder;

    @Test
    void saysHowAModelWouldBeServedAndGivesACallThatWorks() throws Exception {
        Path model = OnnxModels.write(folder, "sum", 1, OnnxModels.addition());

        Outcome outcome = inspect(model);

        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.text())
                .contains("opset      ai.onnx 17")
                .contains("operators  1 Add")
                .contains("input      a FP32 [-1, 2]")
                .contains("run        batched: ")
                .contains("call       curl -s localhost:8080/v2/models/sum/infer -d '{\"inputs\":[{\"name\":\"a\"")
                .contains("serve      ./penstock up --models " + folder);
    }

    @Test
    void sendsWhatIsTooLongToTypeAsZeros() throws Exception {
        ModelProto wide = OnnxModels.model(GraphProto.newBuilder()
                .addInput(OnnxModels.value("x", DataType.FLOAT, "batch", 1000))
                .addOutput(OnnxModels.value("y", DataType.FLOAT, "batch", 1000))
                .addNode(OnnxModels.node("Sigmoid", List.of("x"), "y")));
        Path model = OnnxModels.write(folder, "tokens", 1, wide);

        assertThat(inspect(model).text())
                .contains("head -c 4000 /dev/zero) | curl -s localhost:8080/v2/models/tokens/infer");
    }

    @Test
    void namesTheReasonAndTheCureOfARefusalInTwoLines() throws Exception {
        Path page = Files.writeString(folder.resolve("page.onnx"), "<html>");

        Outcome outcome = inspect(page);

        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.text().lines()).hasSize(2);
        assertThat(outcome.text()).contains("page.onnx is refused: ").contains("cure: ");
    }

    @Test
    void printsALineForEachModelOfAFolder() throws Exception {
        OnnxModels.write(folder, "sum", 1, OnnxModels.addition());
        OnnxModels.write(folder, "decoder", 1, OnnxModels.customOperator());

        Outcome outcome = inspect(folder);

        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.text().lines())
                .anyMatch(line -> line.matches("sum/1/model.onnx +batched +a FP32\\[-1,2\\], b FP32\\[-1,2\\].*"))
                .anyMatch(line -> line.matches("decoder/1/model.onnx +refused +node 'decoder' uses the custom.*"))
                .last()
                .isEqualTo("2 models, 1 would be refused");
    }

    private record Outcome(int exitCode, String text) {}

    private static Outcome inspect(Path place) throws IOException {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        int exitCode = new InspectTool(new PrintStream(printed, true, UTF_8)).run(place);
        return new Outcome(exitCode, printed.toString(UTF_8));
    }
}
