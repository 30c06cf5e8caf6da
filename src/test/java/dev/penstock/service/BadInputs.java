package dev.penstock.service;

import static dev.penstock.service.BadInput.INFER;
import static dev.penstock.service.BadInput.binary;
import static dev.penstock.service.BadInput.call;
import static dev.penstock.service.BadInput.get;
import static dev.penstock.service.BadInput.header;
import static dev.penstock.service.BadInput.join;
import static dev.penstock.service.BadInput.json;
import static dev.penstock.service.BadInput.raw;
import static dev.penstock.service.GoodInput.PIXELS;
import static dev.penstock.service.GoodInput.with;
import static dev.penstock.service.GoodInput.withData;
import static dev.penstock.service.GoodInput.withInput;
import static dev.penstock.service.GoodInput.withNumber;
import static dev.penstock.service.GoodInput.withShape;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.protocol.Datatype;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The table of bad inputs, each with its expected status and the texts that the problem must contain. */
final class BadInputs {
    private static final String NAME = "\"name\":\"pixels\",";
    private static final String SHAPE = "\"shape\":[1,64],";
    private static final String TYPE = "\"datatype\":\"FP32\",";
    private static final String DATA = "\"data\":[" + PIXELS + "]";
    private static final byte[] BLOB = new byte[256];

    private static final String BOOLEANS = "POST /v2/models/" + TestModels.echo(Datatype.BOOL) + "/infer";

    private BadInputs() {}

    static Stream<BadInput> table() {
        return Stream.of(
                        syntax(),
                        depth(),
                        members(),
                        types(),
                        numbers(),
                        shapes(),
                        names(),
                        parameters(),
                        binaryForm(),
                        headers(),
                        http(),
                        ids())
                .flatMap(List::stream);
    }

    private static List<BadInput> syntax() {
        String good = withData(PIXELS.replace("0", "0.5"));
        byte[] bytes = good.getBytes(UTF_8);
        return List.of(
                json("an empty body", "", "body", "it is empty"),
                json("spaces only", "  \n", "body", "it ends early"),
                json("cut after the first brace", "{", "body", "it ends early"),
                json("cut within a key", "{\"inp", "body", "inside a string"),
                json("cut within the data", good.substring(0, good.length() - 4), "inputs[0].data", "it ends early"),
                json("cut before the last brace", good.substring(0, good.length() - 1), "it ends early"),
                json("something after its end", good + "x", "body", "unexpected content"),
                json("two documents", good + good, "body", "unexpected content"),
                json("a comma too many", withData(PIXELS.substring(2) + ","), "inputs[0].data", "expected a value"),
                json("a comment", "/* hello */" + good, "body", "expected a value"),
                json("a comment within", good.replace("\"shape\"", "//x\n\"shape\""), "inputs[0]"),
                json("single quotes", good.replace('"', '\''), "body"),
                json("keys without quotes", good.replace("\"inputs\"", "inputs"), "body"),
                json("a byte order mark", join(new byte[] {(byte) 0xef, (byte) 0xbb, (byte) 0xbf}, bytes), "body"),
                json("UTF-16", good.getBytes(java.nio.charset.StandardCharsets.UTF_16LE), "body"),
                json("a byte that is no UTF-8", with("\"id\":\"\u00ff\"").getBytes(ISO_8859_1), "id", "not UTF-8"),
                json(
                        "UTF-8 in too many bytes",
                        with("\"id\":\"\u00c0\u00af\"").getBytes(ISO_8859_1),
                        "id",
                        "not UTF-8"),
                json("an unpaired surrogate", with("\"id\":\"\\ud800\""), "id", "surrogate"),
                json("an unknown escape", with("\"id\":\"\\x41\""), "id", "escape"),
                json("an escape cut short", with("\"id\":\"\\u12\""), "id", "hexadecimal"),
                json("a line break in a string", with("\"id\":\"a\nb\""), "id", "control character"),
                json("a NUL in a string", with("\"id\":\"a\0b\""), "id", "control character"),
                json("a NUL between members", good.replace(",\"shape\"", ",\0\"shape\""), "inputs[0]"),
                json("an array for the body", "[" + good + "]", "body", "must be an object"),
                json("null for the body", "null", "body", "must be an object"),
                json("a string for the body", "\"inputs\"", "body", "must be an object"),
                json("a number for the body", "7", "body", "must be an object"));
    }

    private static List<BadInput> depth() {
        return List.of(
                json(
                        "data nested 61 deep, the body 64: wrong for its shape",
                        withData("[".repeat(60) + PIXELS + "]".repeat(60)),
                        "inputs[0].data",
                        "nested to match shape"),
                json(
                        "depth 65",
                        late("[".repeat(62) + "]".repeat(62)),
                        "inputs[0].data",
                        "nested at most 64 levels deep"),
                json(
                        "depth 900",
                        late("[".repeat(900) + "]".repeat(900)),
                        "inputs[0].data",
                        "nested at most 64 levels deep"),
                json("depth 100,000", late("[".repeat(100_000)), "inputs[0].data", "nested at most 64 levels deep"),
                json(
                        "an object nested in parameters",
                        with("\"parameters\":{\"a\":{\"b\":1}}"),
                        "parameters.a",
                        "a string, a number or a boolean"),
                json("an object in the data", withNumber("{}"), "inputs[0].data[0]", "a number, was an object"));
    }

    /** Data that comes before its shape, so that the reader can check the nesting only. */
    private static String late(String data) {
        return withInput("\"data\":" + data + "," + NAME + SHAPE + "\"datatype\":\"FP32\"");
    }

    private static List<BadInput> members() {
        return List.of(
                json("no inputs", "{}", "inputs", "is required"),
                json("no input in inputs", "{\"inputs\":[]}", "inputs", "at least one entry"),
                json(
                        "inputs twice",
                        with(withData(PIXELS).substring(1, withData(PIXELS).length() - 1)),
                        "inputs",
                        "must appear only once"),
                json("an id twice", with("\"id\":\"a\",\"id\":\"a\""), "id", "must appear only once"),
                json(
                        "a name twice",
                        withInput(NAME + NAME + SHAPE + TYPE + DATA),
                        "inputs[0].name",
                        "must appear only once"),
                json(
                        "data twice",
                        withInput(NAME + SHAPE + TYPE + DATA + "," + DATA),
                        "inputs[0].data",
                        "must appear only once"),
                json(
                        "a key twice, once escaped",
                        with("\"id\":\"a\",\"\\u0069d\":\"a\""),
                        "id",
                        "must appear only once"),
                json(
                        "a parameter twice",
                        with("\"parameters\":{\"a\":1,\"a\":1}"),
                        "parameters.a",
                        "must appear only once"),
                json(
                        "a parameter of an input twice",
                        withInput(NAME + SHAPE + TYPE + "\"parameters\":{\"a\":1,\"a\":2}," + DATA),
                        "inputs[0].parameters.a",
                        "must appear only once"),
                json(
                        "an output's name twice",
                        with("\"outputs\":[{\"name\":\"digit\",\"name\":\"digit\"}]"),
                        "outputs[0].name",
                        "must appear only once"),
                json(
                        "an unknown member that is not JSON",
                        with("\"x\":{\"a\":[1,{\"b\":tru}]}"),
                        "x",
                        "must be valid JSON"),
                json(
                        "an unknown member nested 70 deep",
                        with("\"x\":" + "[".repeat(70) + "]".repeat(70)),
                        "x",
                        "nested at most 64 levels deep"),
                json("the name of another model", with("\"model_name\":\"churn\""), "model_name", "'digits'"),
                json("a model name that is a number", with("\"model_name\":7"), "model_name", "must be a string"),
                json("an input without a name", withInput(SHAPE + TYPE + DATA), "inputs[0].name", "is required"),
                json("an input without a shape", withInput(NAME + TYPE + DATA), "inputs[0].shape", "is required"),
                json(
                        "an input without a datatype",
                        withInput(NAME + SHAPE + DATA),
                        "inputs[0].datatype",
                        "is required"),
                json(
                        "an input without data",
                        withInput(NAME + SHAPE + "\"datatype\":\"FP32\""),
                        "inputs[0].data",
                        "is required"));
    }

    private static List<BadInput> types() {
        return List.of(
                json("a number for the id", with("\"id\":7"), "id", "must be a string, was a number"),
                json("null for inputs", "{\"inputs\":null}", "inputs", "must be an array, was null"),
                json("an object for inputs", "{\"inputs\":{}}", "inputs", "must be an array, was an object"),
                json(
                        "a string for an input",
                        "{\"inputs\":[\"pixels\"]}",
                        "inputs[0]",
                        "must be an object, was a string"),
                json(
                        "an array for parameters",
                        with("\"parameters\":[]"),
                        "parameters",
                        "must be an object, was an array"),
                json("a number for outputs", with("\"outputs\":1"), "outputs", "must be an array, was a number"),
                json(
                        "a string for an output",
                        with("\"outputs\":[\"digit\"]"),
                        "outputs[0]",
                        "must be an object, was a string"),
                json(
                        "a number for a name",
                        withInput("\"name\":1," + SHAPE + TYPE + DATA),
                        "inputs[0].name",
                        "must be a string, was a number"),
                json(
                        "a string for the shape",
                        withInput(NAME + "\"shape\":\"[1,64]\"," + TYPE + DATA),
                        "inputs[0].shape",
                        "must be an array, was a string"),
                json(
                        "a string for a dimension",
                        withShape("[\"1\",64]", PIXELS),
                        "inputs[0].shape[0]",
                        "must be a number, was a string"),
                json(
                        "a number for the datatype",
                        withInput(NAME + SHAPE + "\"datatype\":1," + DATA),
                        "inputs[0].datatype",
                        "must be a string"),
                json(
                        "a string for the data",
                        withInput(NAME + SHAPE + TYPE + "\"data\":\"AAAA\""),
                        "inputs[0].data",
                        "must be an array, was a string"),
                json(
                        "null for the data",
                        withInput(NAME + SHAPE + TYPE + "\"data\":null"),
                        "inputs[0].data",
                        "is required"),
                json("a string for a number", withNumber("\"0\""), "inputs[0].data[0]", "was another string"),
                json("true for a number", withNumber("true"), "inputs[0].data[0]", "must be a number, was a boolean"));
    }

    private static List<BadInput> numbers() {
        List<BadInput> rows = new ArrayList<>(List.of(
                json("NaN", withNumber("NaN"), "inputs[0].data[0]", "NaN and Infinity are not JSON numbers"),
                json("Infinity", withNumber("Infinity"), "inputs[0].data[0]", "NaN and Infinity are not JSON numbers"),
                json("-Infinity", withNumber("-Infinity"), "inputs[0].data[0]", "not a number"),
                json("1e999999999", withNumber("1e999999999"), "inputs[0].data[0]", "range of FP32"),
                json("1e999", withNumber("1e999"), "inputs[0].data[0]", "range of FP32"),
                json("3.5e38 as FP32", withNumber("3.5e38"), "inputs[0].data[0]", "range of FP32"),
                json("a leading zero", withNumber("01"), "inputs[0].data[0]"),
                json("a leading plus", withNumber("+1"), "inputs[0].data[0]"),
                json("hexadecimal", withNumber("0x10"), "inputs[0].data[0]"),
                json("a point without digits", withNumber("1."), "inputs[0].data[0]", "not a number"),
                json("a point first", withNumber(".5"), "inputs[0].data[0]"),
                json("an exponent without digits", withNumber("1e"), "inputs[0].data[0]", "not a number"),
                json(
                        "a number of 100,000 digits",
                        withNumber("1".repeat(100_000)),
                        "inputs[0].data[0]",
                        "at most 1100 characters")));
        rows.add(element(Datatype.FP64, "1e309", "range of FP64"));
        rows.add(element(Datatype.INT8, "128", "range of INT8"));
        rows.add(element(Datatype.INT8, "-129", "range of INT8"));
        rows.add(element(Datatype.INT16, "32768", "range of INT16"));
        rows.add(element(Datatype.INT32, "2147483648", "range of INT32"));
        rows.add(element(Datatype.INT64, "9223372036854775808", "range of INT64"));
        rows.add(element(Datatype.UINT8, "256", "range of UINT8"));
        rows.add(element(Datatype.UINT8, "-1", "range of UINT8"));
        rows.add(element(Datatype.UINT16, "65536", "range of UINT16"));
        rows.add(element(Datatype.UINT32, "4294967296", "range of UINT32"));
        rows.add(element(Datatype.UINT64, "18446744073709551616", "range of UINT64"));
        rows.add(element(Datatype.UINT64, "-1", "range of UINT64"));
        rows.add(element(Datatype.INT32, "1.5", "must be an integer, was 1.5"));
        rows.add(element(Datatype.INT64, "1e-2", "must be an integer, was 1e-2"));
        rows.add(element(Datatype.INT64, "1e19", "range of INT64"));
        rows.add(element(Datatype.INT64, "null", "must be a number, was null"));
        rows.add(element(Datatype.INT64, "\"NaN\"", "must be a number, was a string"));
        rows.add(element(Datatype.BOOL, "1", "must be a boolean, was a number"));
        rows.add(element(Datatype.BOOL, "\"true\"", "must be a boolean, was a string"));
        rows.add(element(Datatype.BYTES, "1", "must be a string, was a number"));
        rows.add(element(Datatype.FP16, "65520", "range of FP16"));
        rows.add(element(Datatype.BF16, "3.4e38", "range of BF16"));
        return rows;
    }

    /** One bad element among three, for the echo model. */
    private static BadInput element(Datatype datatype, String element, String rule) {
        String body = withInput("\"name\":\"x\",\"shape\":[1,3],\"datatype\":\"" + datatype + "\",\"data\":[" + element
                + "," + element + "," + element + "]");
        return call(
                element + " as " + datatype,
                400,
                "POST /v2/models/" + TestModels.echo(datatype) + "/infer",
                "Accept: */*",
                body.getBytes(UTF_8),
                "inputs[0].data[0]",
                rule);
    }

    private static List<BadInput> shapes() {
        return List.of(
                json(
                        "a negative dimension",
                        withShape("[-1,64]", PIXELS),
                        "inputs[0].shape[0]",
                        "non-negative integer"),
                json(
                        "a dimension with a fraction",
                        withShape("[1.0,64]", PIXELS),
                        "inputs[0].shape[0]",
                        "must be a non-negative integer"),
                json(
                        "a dimension beyond long",
                        withShape("[99999999999999999999,64]", PIXELS),
                        "inputs[0].shape[0]",
                        "must be a non-negative integer"),
                json(
                        "a product that overflows long to 0",
                        withShape("[4611686018427387904,64]", PIXELS),
                        "inputs[0].shape",
                        "must keep the tensor within"),
                json(
                        "a product that overflows long to 64",
                        withShape("[288230376151711745,64]", PIXELS),
                        "inputs[0].shape",
                        "must keep the tensor within"),
                json(
                        "2^40 elements",
                        withShape("[17179869184,64]", PIXELS),
                        "inputs[0].shape",
                        "must keep the tensor within"),
                json(
                        "a zero that hides a huge dimension",
                        withShape("[0,9223372036854775807]", ""),
                        "inputs[0].shape[1]",
                        "must keep the tensor within"),
                json("no rows", withShape("[0,64]", ""), "inputs[0].shape", "row"),
                json(
                        "too many rows",
                        withShape("[4097,64]", (PIXELS + ",").repeat(4096) + PIXELS),
                        "inputs[0].shape",
                        "1..4096 rows"),
                json("no dimensions", withShape("[]", "0"), "inputs[0].shape"),
                json(
                        "33 dimensions",
                        withShape("[1" + ",1".repeat(32) + "]", "0"),
                        "inputs[0].shape[32]",
                        "limit of 32 dimensions"),
                json("one dimension for two", withShape("[64]", PIXELS), "inputs[0].shape"),
                json("another width than the model's", withShape("[1,63]", PIXELS.substring(2)), "inputs[0].shape"),
                json("too few data", withData("1,2,3"), "inputs[0].data", "64 elements", "fewer"),
                json("no data", withData(""), "inputs[0].data", "64 elements", "fewer"),
                json("too many data", withData(PIXELS + ",1"), "inputs[0].data", "64 elements", "more"),
                json(
                        "ragged nesting",
                        withShape("[2,64]", "[" + PIXELS + "],[" + PIXELS + ",0]"),
                        "inputs[0].data",
                        "nested to match shape"),
                json(
                        "flat and nested together",
                        withShape("[2,64]", "[" + PIXELS + "]," + PIXELS),
                        "inputs[0].data",
                        "nested to match shape"),
                json("elements for 2^24, data for none", withShape("[262144,64]", ""), "inputs[0].data", "fewer"));
    }

    private static List<BadInput> names() {
        return List.of(
                json(
                        "an unknown input",
                        withData(PIXELS).replace("pixels", "pixel"),
                        "inputs[0].name",
                        "must be one of"),
                json(
                        "an input with an empty name",
                        withData(PIXELS).replace("pixels", ""),
                        "inputs[0].name",
                        "must not be empty"),
                json(
                        "an input twice",
                        "{\"inputs\":[{" + NAME + SHAPE + TYPE + DATA + "},{" + NAME + SHAPE + TYPE + DATA + "}]}",
                        "inputs[1]",
                        "a unique name"),
                call(
                        "an input missing",
                        400,
                        "POST /v2/models/" + TestModels.TOKENS + "/infer",
                        "Accept: */*",
                        withInput("\"name\":\"ids\",\"shape\":[1,1],\"datatype\":\"INT64\",\"data\":[1]")
                                .getBytes(UTF_8),
                        "inputs",
                        "must include 'mask'"),
                call(
                        "inputs that disagree on rows",
                        400,
                        "POST /v2/models/" + TestModels.TOKENS + "/infer",
                        "Accept: */*",
                        "{\"inputs\":[{\"name\":\"ids\",\"shape\":[1,1],\"datatype\":\"INT64\",\"data\":[1]},{\"name\":\"mask\",\"shape\":[2,1],\"datatype\":\"INT64\",\"data\":[1,1]}]}"
                                .getBytes(UTF_8),
                        "inputs[1].shape"),
                json("65 inputs", "{\"inputs\":[" + many(65) + "]}", "inputs[64]", "limit of 64 tensors"),
                json(
                        "an unknown datatype",
                        withData(PIXELS).replace("FP32", "FLOAT"),
                        "inputs[0].datatype",
                        "must be one of"),
                json(
                        "a datatype in small letters",
                        withData(PIXELS).replace("FP32", "fp32"),
                        "inputs[0].datatype",
                        "must be one of"),
                json(
                        "another datatype than the model's",
                        withData(PIXELS).replace("FP32", "FP64"),
                        "inputs[0].datatype"),
                json("an unknown output", with("\"outputs\":[{\"name\":\"digits\"}]"), "outputs[0].name"),
                json(
                        "an output twice",
                        with("\"outputs\":[{\"name\":\"digit\"},{\"name\":\"digit\"}]"),
                        "outputs[1]",
                        "a unique name"),
                json("an output without a name", with("\"outputs\":[{}]"), "outputs[0].name", "is required"),
                json(
                        "an id of more than a MiB",
                        with("\"id\":\"" + "x".repeat(900_000) + "\",\"id\":\"\""),
                        "id",
                        "once"));
    }

    private static String many(int inputs) {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < inputs; i++) {
            all.append(i == 0 ? "" : ",")
                    .append("{\"name\":\"n")
                    .append(i)
                    .append("\",\"shape\":[0],\"datatype\":\"BOOL\",\"data\":[]}");
        }
        return all.toString();
    }

    private static List<BadInput> parameters() {
        return List.of(
                json(
                        "a negative timeout",
                        with("\"parameters\":{\"timeout\":-1}"),
                        "parameters.timeout",
                        "microseconds"),
                json(
                        "a timeout in words",
                        with("\"parameters\":{\"timeout\":\"1s\"}"),
                        "parameters.timeout",
                        "microseconds"),
                json(
                        "a timeout with a fraction",
                        with("\"parameters\":{\"timeout\":1.5}"),
                        "parameters.timeout",
                        "microseconds"),
                json(
                        "a timeout beyond long",
                        with("\"parameters\":{\"timeout\":9223372036854775808}"),
                        "parameters.timeout",
                        "range of INT64"),
                json("a parameter beyond FP64", with("\"parameters\":{\"x\":1e400}"), "parameters.x", "range of FP64"),
                json(
                        "an unknown priority",
                        with("\"parameters\":{\"priority\":\"urgent\"}"),
                        "parameters.priority",
                        "interactive, bulk, or a number"),
                json(
                        "a negative priority",
                        with("\"parameters\":{\"priority\":-1}"),
                        "parameters.priority",
                        "interactive, bulk, or a number"),
                json(
                        "a priority with a fraction",
                        with("\"parameters\":{\"priority\":1.5}"),
                        "parameters.priority",
                        "interactive, bulk, or a number"),
                json(
                        "a negative number of classes",
                        with("\"outputs\":[{\"name\":\"scores\",\"parameters\":{\"classification\":-1}}]"),
                        "outputs[0].parameters.classification",
                        "whole number"),
                json(
                        "true for a priority",
                        with("\"parameters\":{\"priority\":true}"),
                        "parameters.priority",
                        "interactive, bulk, or a number"),
                json(
                        "a number for a flag",
                        with("\"parameters\":{\"binary_data_output\":1}"),
                        "parameters.binary_data_output",
                        "must be a boolean"),
                json(
                        "a string for an output's flag",
                        with("\"outputs\":[{\"name\":\"digit\",\"parameters\":{\"binary_data\":\"yes\"}}]"),
                        "outputs[0].parameters.binary_data",
                        "must be a boolean"),
                json(
                        "65 parameters",
                        with("\"parameters\":{" + numbered(65) + "}"),
                        "parameters.p64",
                        "limit of 64 parameters"));
    }

    private static String numbered(int parameters) {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < parameters; i++) {
            all.append(i == 0 ? "" : ",").append("\"p").append(i).append("\":").append(i);
        }
        return all.toString();
    }

    private static List<BadInput> binaryForm() {
        byte[] json = blob("256");
        byte[] whole = join(json, BLOB);
        String length = Integer.toString(json.length);
        String field = "inputs[0].parameters.binary_data_size";
        return List.of(
                binary(
                        "a JSON length over the body's",
                        Integer.toString(whole.length + 1),
                        whole,
                        "Inference-Header-Content-Length",
                        "(the length of the body)"),
                binary(
                        "a JSON length over int",
                        "4294967296",
                        whole,
                        "Inference-Header-Content-Length",
                        "(the length of the body)"),
                binary("a JSON length within the JSON", Integer.toString(json.length - 5), whole, "it ends"),
                binary(
                        "a JSON length within the blob",
                        Integer.toString(json.length + 5),
                        whole,
                        field,
                        "251 remaining bytes"),
                binary(
                        "a negative JSON length",
                        "-1",
                        whole,
                        "Inference-Header-Content-Length",
                        "whole number of 0 or more"),
                binary(
                        "a JSON length in words",
                        "all",
                        whole,
                        "Inference-Header-Content-Length",
                        "whole number of 0 or more"),
                binary(
                        "a JSON length of 30 digits",
                        "9".repeat(30),
                        whole,
                        "Inference-Header-Content-Length",
                        "whole number of 0 or more"),
                binary("a JSON length of 0 before JSON", "0", whole, "body", "multiple of 256"),
                binary("a raw body cut short", "0", new byte[255], "body", "multiple of 256"),
                binary("an empty raw body", "0", new byte[0], "body", "multiple of 256"),
                binary("a blob cut short", length, join(json, new byte[255]), field, "255 remaining bytes"),
                binary("a blob with bytes left over", length, join(whole, new byte[1]), "body", "1 extra bytes"),
                lying("0"),
                lying("255"),
                lying("-256"),
                lying("256.0"),
                lying("\"256\""),
                lying("9223372036854775807"),
                call(
                        "a blob in a body that is not announced as binary",
                        400,
                        "POST " + INFER,
                        "Accept: */*",
                        json,
                        field,
                        "requires a body in binary form"),
                binary(
                        "data beside a blob",
                        Integer.toString(beside().length),
                        join(beside(), BLOB),
                        "inputs[0].data",
                        "absent when binary_data_size is set"),
                booleans(),
                rawBooleans(),
                strings("a string that claims more than is left", new byte[] {9, 0, 0, 0, 'a', 0, 0, 0, 0, 0, 0, 0, 0}),
                strings("a string that claims 2^31", new byte[] {0, 0, 0, (byte) 0x80, 0, 0, 0, 0, 0, 0, 0, 0}),
                strings("fewer strings than the shape says", new byte[] {0, 0, 0, 0, 0, 0, 0, 0}),
                strings("more strings than the shape says", new byte[16]),
                strings("a length cut short", new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
    }

    private static byte[] blob(String size) {
        return withInput(NAME + SHAPE + TYPE + "\"parameters\":{\"binary_data_size\":" + size + "}")
                .getBytes(UTF_8);
    }

    private static byte[] beside() {
        return withInput(NAME + SHAPE + TYPE + "\"parameters\":{\"binary_data_size\":256}," + DATA)
                .getBytes(UTF_8);
    }

    private static BadInput lying(String size) {
        return binary(
                "binary_data_size " + size + " for 256 bytes",
                Integer.toString(blob(size).length),
                join(blob(size), BLOB),
                "inputs[0].parameters.binary_data_size",
                "must be");
    }

    private static BadInput booleans() {
        byte[] json = withInput(
                        "\"name\":\"x\",\"shape\":[1,3],\"datatype\":\"BOOL\",\"parameters\":{\"binary_data_size\":3}")
                .getBytes(UTF_8);
        return call(
                "a boolean of 2",
                400,
                BOOLEANS,
                "Inference-Header-Content-Length: " + json.length,
                join(json, new byte[] {0, 1, 2}),
                "inputs[0].parameters.binary_data_size",
                "only the bytes 0 and 1");
    }

    private static BadInput rawBooleans() {
        return call(
                "a boolean of 255 in a raw body",
                400,
                BOOLEANS,
                "Inference-Header-Content-Length: 0",
                new byte[] {0, 1, -1},
                "body",
                "only the bytes 0 and 1");
    }

    private static BadInput strings(String what, byte[] data) {
        byte[] json = withInput(
                        "\"name\":\"x\",\"shape\":[1,3],\"datatype\":\"BYTES\",\"parameters\":{\"binary_data_size\":"
                                + data.length + "}")
                .getBytes(UTF_8);
        return call(
                what,
                400,
                "POST /v2/models/" + TestModels.echo(Datatype.BYTES) + "/infer",
                "Inference-Header-Content-Length: " + json.length,
                join(json, data),
                "inputs[0].parameters.binary_data_size",
                "3 strings");
    }

    private static List<BadInput> headers() {
        return List.of(
                header("a wait in words", 400, "Prefer: wait=soon", "Prefer", "whole number of seconds"),
                header("a negative wait", 400, "Prefer: respond-async, wait=-1", "Prefer", "whole number of seconds"),
                header("a wait with a fraction", 400, "Prefer: wait=1.5", "Prefer", "whole number of seconds"),
                header("a wait of nothing", 400, "Prefer: wait=", "Prefer", "whole number of seconds"),
                header("a deadline of 0", 400, "Penstock-Timeout-Ms: 0", "Penstock-Timeout-Ms", "1 or more"),
                header("a negative deadline", 400, "Penstock-Timeout-Ms: -5", "Penstock-Timeout-Ms", "1 or more"),
                header(
                        "a deadline with a fraction",
                        400,
                        "Penstock-Timeout-Ms: 1.5",
                        "Penstock-Timeout-Ms",
                        "1 or more"),
                header("a deadline in words", 400, "Penstock-Timeout-Ms: 1s", "Penstock-Timeout-Ms", "1 or more"),
                header(
                        "a deadline of 30 digits",
                        400,
                        "Penstock-Timeout-Ms: " + "9".repeat(30),
                        "Penstock-Timeout-Ms",
                        "1 or more"),
                header(
                        "an unknown priority, in the header",
                        400,
                        "Penstock-Priority: urgent",
                        "Penstock-Priority",
                        "interactive, bulk, or a number"),
                header(
                        "a priority in capitals",
                        400,
                        "Penstock-Priority: BULK",
                        "Penstock-Priority",
                        "interactive, bulk, or a number"),
                header("text/xml", 415, "Content-Type: text/xml", "Content-Type", "application/json"),
                header("gzip that is none", 400, "Content-Encoding: gzip", "body", "Content-Encoding gzip"),
                header("deflate that is none", 400, "Content-Encoding: deflate", "body", "Content-Encoding deflate"),
                header("an unknown encoding", 415, "Content-Encoding: rot13", "Content-Encoding", "gzip or deflate"),
                header(
                        "a form",
                        415,
                        "Content-Type: multipart/form-data; boundary=x",
                        "Content-Type",
                        "application/json"),
                header("two encodings", 415, "Content-Encoding: identity, gzip", "Content-Encoding", "identity"),
                header(
                        "two encodings in two headers",
                        415,
                        "Content-Encoding: identity\r\nContent-Encoding: gzip",
                        "Content-Encoding",
                        "identity"),
                header("an unknown expectation", 417, "Expect: the-spanish-inquisition", "Expect", "100-continue")
                        .last(),
                header("headers over 16 KiB", 431, "X-Long: " + "x".repeat(20_000), "headers", "max-header-bytes")
                        .last(),
                header(
                                "a thousand headers",
                                431,
                                "X: 12345678901234567890\r\n".repeat(999) + "X: 1",
                                "headers",
                                "max-header-bytes")
                        .last());
    }

    private static List<BadInput> http() {
        String host = " HTTP/1.1\r\nHost: test\r\n";
        String mebibyteAndOne = "100001\r\n" + "x".repeat(0x100001) + "\r\n0\r\n\r\n";
        return List.of(
                get("GET where POST is due", 405, INFER, "method"),
                call("PUT where POST is due", 405, "PUT " + INFER, "Content-Length: 0", new byte[0], "method"),
                call("POST where GET is due", 405, "POST /v2/models/digits", "Accept: */*", new byte[0], "method"),
                call("an unknown method", 405, "BREW " + INFER, "Accept: */*", new byte[0], "method"),
                call("DELETE of a model", 405, "DELETE /v2/models/digits", "Accept: */*", new byte[0], "method"),
                call("events as XML", 406, "GET /v2/requests/x/events", "Accept: text/xml", new byte[0], "Accept"),
                raw("neither length nor chunks", 411, "POST " + INFER + host + "\r\n", "Content-Length"),
                raw(
                                "a length over the limit",
                                413,
                                "POST " + INFER + host + "Content-Length: 1048577\r\n\r\n",
                                "1048577",
                                "penstock.max-request-bytes")
                        .last(),
                raw(
                                "a length beyond int",
                                413,
                                "POST " + INFER + host + "Content-Length: 99999999999\r\n\r\n",
                                "penstock.max-request-bytes")
                        .last(),
                raw(
                                "a length over the limit, to be continued",
                                413,
                                "POST " + INFER + host + "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n",
                                "penstock.max-request-bytes")
                        .last(),
                raw(
                                "chunks over the limit",
                                413,
                                "POST " + INFER + host + "Transfer-Encoding: chunked\r\n\r\n" + mebibyteAndOne,
                                "penstock.max-request-bytes")
                        .last(),
                call(
                        "a tensor over the model's cap",
                        413,
                        "POST /v2/models/" + TestModels.SMALL_TENSORS + "/infer",
                        "Accept: */*",
                        "{\"inputs\":[{\"name\":\"x\",\"shape\":[3,3],\"datatype\":\"FP32\",\"data\":[1,2,3,4,5,6,7,8,9]}]}"
                                .getBytes(UTF_8),
                        "input 'x'",
                        "max_tensor_bytes"),
                get("an address over 8 KiB", 414, "/v2/models/" + "x".repeat(9_000), "address", "max-address-bytes")
                        .last(),
                get(
                                "a query over 8 KiB",
                                414,
                                "/v2/models/digits?q=" + "x".repeat(9_000),
                                "address",
                                "max-address-bytes")
                        .last());
    }

    private static List<BadInput> ids() {
        byte[] body = GoodInput.body();
        return List.of(
                call("an unknown model", 404, "POST /v2/models/nothing/infer", "Accept: */*", body, "model 'nothing'"),
                call(
                        "an unknown version",
                        404,
                        "POST /v2/models/digits/versions/9/infer",
                        "Accept: */*",
                        body,
                        "version '9'"),
                call(
                        "a version in words",
                        404,
                        "POST /v2/models/digits/versions/latest/infer",
                        "Accept: */*",
                        body,
                        "version 'latest'"),
                call(
                        "a model with a path in it",
                        404,
                        "POST /v2/models/..%2F..%2Fetc%2Fpasswd/infer",
                        "Accept: */*",
                        body,
                        "etc"),
                call("a model with dots for a path", 404, "POST /v2/models/../../etc/infer", "Accept: */*", body),
                get("metadata of an unknown model", 404, "/v2/models/nothing", "model 'nothing'"),
                get("readiness of an unknown version", 404, "/v2/models/digits/versions/0/ready", "version '0'"),
                get("an unknown path", 404, "/v2/nothing"),
                get("an address that is not UTF-8", 404, "/v2/models/%ff%fe"),
                get("a request with an id that is none", 404, "/v2/requests/x", "no request 'x'"),
                get("a request with a forged id", 404, "/v2/requests/" + "A".repeat(60), "no request"),
                get("a request with an id of 4,000 characters", 404, "/v2/requests/" + "A".repeat(4_000), "no request"),
                call(
                        "to cancel a request that is none",
                        404,
                        "DELETE /v2/requests/x",
                        "Accept: */*",
                        new byte[0],
                        "no request 'x'"),
                call(
                        "events of a request that is none",
                        404,
                        "GET /v2/requests/x/events",
                        "Accept: text/event-stream",
                        new byte[0],
                        "no request 'x'"),
                get(
                        "the latest events of a forged id",
                        404,
                        "/v2/requests/" + "A".repeat(60) + "/events",
                        "no request"));
    }
}
