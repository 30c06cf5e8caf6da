package dev.penstock.protocol.codec;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import dev.penstock.protocol.Tensors;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestReaderTest {
    private static final ReaderLimits LIMITS = new ReaderLimits(100_000, 3, 1000, 5, 100);

    private final RequestReader reader = new RequestReader(LIMITS);

    @Test
    void readsEveryMemberOfARequest() throws InvalidRequestException {
        InferenceRequest request = reader.read(json("""
                {"id": "caf\\u00e9 \\ud83d\\ude00",
                 "parameters": {"priority": 1, "scale": 0.5, "tag": "a\\tb", "warm": true, "binary_data_output": true},
                 "inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [[1, 2.5], [-0, 1e-3]]}],
                 "outputs": [{"name": "y", "parameters": {"binary_data": false}}, {"name": "z"}]}
                """));

        assertThat(request.id()).contains("café 😀");
        assertThat(request.parameters()).isEqualTo(Map.of("priority", 1L, "scale", 0.5, "tag", "a\tb", "warm", true));
        assertThat(request.inputs()).containsExactly(Tensors.fp32("x", Shape.of(2, 2), 1, 2.5f, -0f, 1e-3f));
        assertThat(request.wantsBinary("y")).isFalse();
        assertThat(request.wantsBinary("z")).isTrue();
    }

    @Test
    void readsEachDatatypeAtTheEndsOfItsRange() throws InvalidRequestException {
        assertThat(data("INT8", "-128,127")).isEqualTo(bytes(-128, 127));
        assertThat(data("UINT8", "0,255")).isEqualTo(bytes(0, 255));
        assertThat(data("BOOL", "true,false")).isEqualTo(bytes(1, 0));
        assertThat(data("INT16", "-32768,32767")).isEqualTo(bytes(0, 0x80, 0xff, 0x7f));
        assertThat(data("UINT16", "0,65535")).isEqualTo(bytes(0, 0, 0xff, 0xff));
        assertThat(data("INT32", "-2147483648,2147483647").getInt(0)).isEqualTo(Integer.MIN_VALUE);
        assertThat(data("UINT32", "0,4294967295").getInt(4)).isEqualTo(-1);
        assertThat(data("INT64", "-9223372036854775808,9223372036854775807").getLong(0))
                .isEqualTo(Long.MIN_VALUE);
        assertThat(data("UINT64", "-0,18446744073709551615").getLong(8)).isEqualTo(-1L);
        assertThat(data("FP16", "-65504,65519.999")).isEqualTo(bytes(0xff, 0xfb, 0xff, 0x7b));
        assertThat(data("BF16", "-3.3895313892515355e38,3.396e38")).isEqualTo(bytes(0x7f, 0xff, 0x7f, 0x7f));
        assertThat(data("BYTES", "\"\",\"\\u00e4ä\"")).isEqualTo(bytes(0, 0, 0, 0, 4, 0, 0, 0, 0xc3, 0xa4, 0xc3, 0xa4));
    }

    @Test
    void readsIntegersInAnyNotation() throws InvalidRequestException {
        assertThat(data("INT8", "7.0,-1.28e+02")).isEqualTo(bytes(7, -128));
        assertThat(data("UINT16", "0.0e9,6553500e-2")).isEqualTo(bytes(0, 0, 0xff, 0xff));
        assertThat(data("INT64", "-9.223372036854775808e18,9007199254740993.00").getLong(0))
                .isEqualTo(Long.MIN_VALUE);
        assertThat(data("INT64", "0,9007199254740993.00").getLong(8)).isEqualTo((1L << 53) + 1);
        assertThat(data("UINT64", "1e19,1.8446744073709551615e19").getLong(0))
                .isEqualTo(Long.parseUnsignedLong("10000000000000000000"));
        assertThat(data("UINT64", "0,18446744073709551615.0").getLong(8)).isEqualTo(-1L);
    }

    @Test
    void readsNaNAndInfinitiesOfEveryFloat() throws InvalidRequestException {
        assertThat(data("FP32", "null,\"NaN\"")).isEqualTo(bytes(0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f));
        assertThat(data("FP64", "\"Infinity\",\"-Infinity\"").getDouble(0)).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(data("FP64", "\"Infinity\",\"-Infinity\"").getDouble(8)).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(data("FP16", "null,\"-Infinity\"")).isEqualTo(bytes(0, 0x7e, 0, 0xfc));
        assertThat(data("BF16", "\"\\u004eaN\",\"Infinity\"")).isEqualTo(bytes(0xc0, 0x7f, 0x80, 0x7f));
    }

    @Test
    void refusesNaNAndInfinitiesWhereTheSwitchSaysSo() {
        RequestReader strict = new RequestReader(LIMITS, NonFinite.REFUSED);
        for (String value : List.of("null", "\"NaN\"", "\"Infinity\"")) {
            InvalidRequestException refusal = catchThrowableOfType(
                    InvalidRequestException.class,
                    () -> strict.read(json("{\"inputs\":[" + tensor("FP32", "[1]", "[" + value + "]") + "]}")));

            assertThat(refusal.field()).isEqualTo("inputs[0].data[0]");
            assertThat(refusal.rule()).startsWith("must be a number, was ");
        }
    }

    @Test
    void readsAsManyTensorsAsTheModelHas() throws InvalidRequestException {
        List<TensorSpec> four = Stream.of("a", "b", "c", "d")
                .map(name -> new TensorSpec(name, Datatype.FP32, Shape.of(-1)))
                .toList();
        String body = "{\"inputs\":["
                + String.join(",", tensor("a", "FP32"), tensor("b", "FP32"), tensor("d", "FP32"), tensor("c", "FP32"))
                + "],\"outputs\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"},{\"name\":\"d\"}]}";
        Signature signature = new Signature(four, four);

        InferenceRequest request = reader.read(json(body), signature);

        assertThat(signature.orderedInputs(request)).extracting(Tensor::name).containsExactly("a", "b", "c", "d");
        assertThat(request.outputs()).hasSize(4);
        assertRefused(json(body), "inputs[3]", "must be within the limit of 3 tensors");
    }

    @Test
    void takesWhatOtherDialectsSay() throws InvalidRequestException {
        String body = "{'model_name':'m','model_version':'3','id':null,'parameters':null,'extra':{'a':[{'b':[[]]}]},"
                + "'inputs':[{'name':'x','shape':[1],'datatype':'FP32','data':[1],'dtype':[1],'parameters':null}],"
                + "'outputs':[{'name':'y','shape':[1],'parameters':{'classification':3,'binary_data':null}}]}";

        InferenceRequest request = reader.read(json(body.replace('\'', '"')));

        assertThat(request.modelName()).hasValue("m");
        assertThat(request.modelVersion()).hasValue("3");
        assertThat(request.id()).isEmpty();
        assertThat(request.parameters()).isEmpty();
        assertThat(request.classes("y")).hasValue(3);
        assertThat(request.wantsBinary("y")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'color':1,'inputs':[@]}                             | color",
                "{'inputs':[{'data_type':'FP32'}]}                    | inputs[0].data_type",
                "{'inputs':[@],'outputs':[{'name':'y','shape':[1]}]}  | outputs[0].shape"
            })
    void refusesUnknownMembersWhereTheSwitchSaysSo(String body, String field) {
        RequestReader strict = new RequestReader(LIMITS.with(UnknownMembers.REFUSED));
        String whole = body.replace("@", "{'name':'x','shape':[1],'datatype':'FP32','data':[1]}")
                .replace('\'', '"');

        InvalidRequestException refusal =
                catchThrowableOfType(InvalidRequestException.class, () -> strict.read(json(whole)));

        assertThat(refusal.field()).isEqualTo(field);
        assertThat(refusal.rule()).startsWith("is not a member of the protocol; put extensions into parameters");
    }

    @Test
    void takesMembersInAnyOrder() throws InvalidRequestException {
        InferenceRequest request = reader.read(
                json(
                        "{\"outputs\":[],\"inputs\":[{\"data\":[[7],[8]],\"datatype\":\"INT32\",\"name\":\"x\",\"shape\":[2,1]}],\"id\":\"\"}"));

        assertThat(request.inputs().get(0).data().getInt(4)).isEqualTo(8);
    }

    @Test
    void readsABufferWithoutAnArray() throws InvalidRequestException {
        byte[] body =
                "  {\"inputs\":[%s]}".formatted(tensor("FP32", "[1]", "[3]")).getBytes(UTF_8);
        ByteBuffer direct = ByteBuffer.allocateDirect(body.length).put(body).flip();

        assertThat(reader.read(new Payload(direct.position(2), OptionalInt.empty()))
                        .inputs())
                .hasSize(1);
    }

    @Test
    void takesTensorsWithoutElementsInBothNestings() throws InvalidRequestException {
        assertThat(read(tensor("FP32", "[0,3]", "[]")).data().remaining()).isZero();
        assertThat(read(tensor("FP32", "[2,0]", "[[],[]]")).data().remaining()).isZero();
    }

    /** {@code @} stands for a complete tensor. Single quotes stand for double quotes. */
    @ParameterizedTest(name = "{0} breaks {1}: {2}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            ignoreLeadingAndTrailingWhitespace = true,
            value = {
                // The body
                "``                             | body | must be valid JSON: it is empty",
                "`  `                           | body | must be valid JSON: it ends early",
                "[]                             | body | must be an object, was an array",
                "null                           | body | must be an object, was null",
                "not json                       | body | must be valid JSON: expected a value (byte 0)",
                "true                           | body | must be an object, was a boolean",
                "trUe                           | body | must be valid JSON: expected a value (byte 0)",
                "{'inputs':[@]} x               | body | must be valid JSON: unexpected content after its end (byte 67)",
                "{'inputs':[@]}{}               | body | must be valid JSON: unexpected content after its end",
                "{'inputs':[@]                  | body | must be valid JSON: it ends early",
                "{'inputs':[@],}                | body | must be valid JSON: expected a value (byte 66)",
                "{'inputs' [@]}                 | inputs | must be valid JSON: expected ':'",
                "{'inputs':[@]'id':'x'}         | body | must be valid JSON: expected ',' or '}'",
                "{inputs:[@]}                   | body | must be valid JSON: expected a value",
                "{'inputs':[@ @]}               | inputs[0] | must be valid JSON: expected ',' or ']'",
                "{'inputs':[@],'id':nul}        | id | must be valid JSON: expected null",
                "{}                             | inputs | is required",
                "{'inputs':{}}                  | inputs | must be an array, was an object",
                "{'inputs':[@,@]}               | inputs[1] | must have a unique name, was a second 'x'",
                "{'inputs':[@],'inputs':[@]}    | inputs | must appear only once",
                "{'inputs':[@],'color':tru}     | color | must be valid JSON: expected true",
                "{'inputs':[@],'model_name':7}  | model_name | must be a string, was a number",
                "{'inputs':[@],'id':7}          | id | must be a string, was a number",
                "{'inputs':[@],'id':'a}         | id | must be valid JSON: it ends inside a string",
                "{'inputs':[@],'id':'\\x'}      | id | must be valid JSON: a string has an unknown escape",
                "{'inputs':[@],'id':'\\u12g4'}  | id | must be valid JSON: \\u needs four hexadecimal digits",
                "{'inputs':[@],'id':'\\ud800'}  | id | must be valid JSON: a string has an unpaired surrogate",
                "{'inputs':[@],'id':'\t'}       | id | must be valid JSON: a control character must be escaped",
                "{'inputs':[1]}                 | inputs[0] | must be an object, was a number",
                // Parameters
                "{'inputs':[@],'parameters':[]}              | parameters | must be an object, was an array",
                "{'inputs':[@],'parameters':{'a':1,'a':2}}   | parameters.a | must appear only once",
                "{'inputs':[@],'parameters':{'a':null,'a':1}} | parameters.a | must appear only once",
                "{'inputs':[@],'parameters':{'a':{}}}        | parameters.a | must be a string, a number or a boolean, was an object",
                "{'inputs':[@],'parameters':{'a':1e400}}     | parameters.a | must be in the range of FP64, was 1e400",
                "{'inputs':[@],'parameters':{'a':9223372036854775808}} | parameters.a | must be in the range of INT64",
                "{'inputs':[@],'parameters':{'binary_data_output':1}}  | parameters.binary_data_output | must be a boolean, was 1",
                "{'inputs':[@],'parameters':{'a':1,'b':2,'c':3,'d':4,'e':5,'f':6}} | parameters.f | must be within the limit of 5",
                // Requested outputs
                "{'inputs':[@],'outputs':[{}]}                         | outputs[0].name | is required",
                "{'inputs':[@],'outputs':[{'name':''}]}                | outputs[0].name | must not be empty",
                "{'inputs':[@],'outputs':[{'name':'y'},{'name':'y'}]}  | outputs[1] | must have a unique name",
                "{'inputs':[@],'outputs':[{'name':'y','parameters':{'classification':-1}}]} | outputs[0].parameters.classification | must be a whole number",
                "{'inputs':[@],'outputs':[{'name':'y','parameters':{'classification':'2'}}]} | outputs[0].parameters.classification | must be a whole number",
                "{'inputs':[@],'outputs':[{'name':'y','parameters':{'binary_data':'no'}}]} | outputs[0].parameters.binary_data | must be a boolean, was no",
                "{'inputs':[@],'outputs':[{'name':'a'},{'name':'b'},{'name':'c'},{'name':'d'}]} | outputs[3] | must be within the limit of 3",
            })
    void refusesABodyThatBreaksARule(String body, String field, String rule) {
        String whole = body.replace("@", "{'name':'x','shape':[1],'datatype':'FP32','data':[1]}")
                .replace('\'', '"');

        assertRefused(json(whole), field, rule);
    }

    @ParameterizedTest(name = "{0} breaks {1}: {2}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // Members
                "'shape':[1],'datatype':'FP32','data':[1]             | .name | is required",
                "'name':'x','datatype':'FP32','data':[1]              | .shape | is required",
                "'name':'x','shape':[1],'data':[1]                    | .datatype | is required",
                "'name':'x','shape':[1],'datatype':'FP32'             | .data | is required",
                "'name':'','shape':[1],'datatype':'FP32','data':[1]   | .name | must not be empty",
                "'name':'x','name':'x'                                | .name | must appear only once",
                "'n\\u0061me':'x','name':'x'                          | .name | must appear only once",
                "'name':'x','shape':[1],'datatype':'FP32','data':null | .data | is required",
                "'name':null                                          | .name | must be a string, was null",
                // Datatype and shape
                "'datatype':'FLOAT'                                   | .datatype | must be one of [BOOL, INT8",
                "'datatype':'fp32'                                    | .datatype | must be one of [BOOL, INT8",
                "'datatype':32                                        | .datatype | must be a string, was a number",
                "'shape':3                                            | .shape | must be an array, was a number",
                "'shape':[1,-1]                                       | .shape[1] | must be a non-negative integer, was -1",
                "'shape':[1.0]                                        | .shape[0] | must be a non-negative integer, was 1.0",
                "'shape':['1']                                        | .shape[0] | must be a number, was a string",
                "'shape':[99999999999999999999]                       | .shape[0] | must be a non-negative integer",
                "'shape':[1001]                                       | .shape[0] | must keep the tensor within 1000 elements",
                "'shape':[4294967296,4294967296]                      | .shape[0] | must keep the tensor within 1000 elements",
                "'shape':[0,2,9223372036854775807]                    | .shape[2] | must keep the tensor within 1000 elements",
                "'shape':[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1] | .shape[32] | must be within the limit of 32 dimensions",
                "'parameters':{'binary_data_size':4},'name':'x','shape':[1],'datatype':'FP32' | .parameters.binary_data_size | requires a body in binary form",
            })
    void refusesATensorThatBreaksARule(String members, String field, String rule) {
        assertRefused(json("{'inputs':[{%s}]}".formatted(members).replace('\'', '"')), "inputs[0]" + field, rule);
    }

    @ParameterizedTest(name = "{0} {1} {2} breaks {3}: {4}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // Elements
                "FP32   | [2]   | [1,NaN]             | [1] | must be valid JSON: NaN and Infinity are not JSON numbers",
                "FP32   | [2]   | [1,Infinity]        | [1] | must be valid JSON: NaN and Infinity are not JSON numbers",
                "FP32   | [2]   | [1,-Infinity]       | [1] | must be valid JSON: not a number",
                "FP32   | [1]   | [1e999999999]       | [0] | must be in the range of FP32, was 1e999999999",
                "FP32   | [1]   | [-3e39]             | [0] | must be in the range of FP32, was -3e39",
                "FP32   | [1]   | [3.4028236e38]      | [0] | must be in the range of FP32",
                "FP64   | [1]   | [1.8e308]           | [0] | must be in the range of FP64, was 1.8e308",
                "FP32   | [1]   | ['1']               | [0] | must be a number, null, 'NaN', 'Infinity' or '-Infinity', was another string",
                "FP64   | [1]   | ['nan']             | [0] | must be a number, null, 'NaN', 'Infinity' or '-Infinity', was another string",
                "FP32   | [1]   | [nul]               | [0] | must be valid JSON: expected null",
                "INT32  | [1]   | [null]              | [0] | must be a number, was null",
                "INT32  | [1]   | ['NaN']             | [0] | must be a number, was a string",
                "FP32   | [1]   | [true]              | [0] | must be a number, was a boolean",
                "FP32   | [1]   | [01]                | [0] | must be valid JSON: not a number",
                "FP32   | [1]   | [+1]                | [0] | must be valid JSON: expected a value",
                "FP32   | [1]   | [1.]                | [0] | must be valid JSON: not a number",
                "FP32   | [1]   | [.5]                | [0] | must be valid JSON: expected a value",
                "FP32   | [1]   | [1e]                | [0] | must be valid JSON: not a number",
                "FP32   | [1]   | [0x1]               | [0] | must be valid JSON: expected ',' or ']'",
                "FP32   | [1]   | [1 2]               | [0] | must be valid JSON: expected ',' or ']'",
                "FP32   | [2]   | [1,]                | [1] | must be valid JSON: expected a value",
                "INT8   | [1]   | [300]               | [0] | must be in the range of INT8, was 300",
                "INT8   | [1]   | [-129]              | [0] | must be in the range of INT8, was -129",
                "UINT8  | [1]   | [-1]                | [0] | must be in the range of UINT8, was -1",
                "UINT16 | [1]   | [65536]             | [0] | must be in the range of UINT16, was 65536",
                "INT32  | [1]   | [2147483648]        | [0] | must be in the range of INT32",
                "UINT32 | [1]   | [4294967296]        | [0] | must be in the range of UINT32",
                "INT64  | [1]   | [9223372036854775808]   | [0] | must be in the range of INT64",
                "INT64  | [1]   | [-9223372036854775809]  | [0] | must be in the range of INT64",
                "INT64  | [1]   | [18446744073709551617]  | [0] | must be in the range of INT64",
                "UINT64 | [1]   | [18446744073709551616]  | [0] | must be in the range of UINT64",
                "UINT64 | [1]   | [28446744073709551616]  | [0] | must be in the range of UINT64",
                "UINT64 | [1]   | [-1]                | [0] | must be in the range of UINT64, was -1",
                "INT32  | [1]   | [1.5]               | [0] | must be an integer, was 1.5",
                "INT32  | [1]   | [1e-999999999999]   | [0] | must be an integer, was 1e-999999999999",
                "INT32  | [1]   | [2.147483648e9]     | [0] | must be in the range of INT32, was 2.147483648e9",
                "UINT64 | [1]   | [1e999999999999]    | [0] | must be in the range of UINT64, was 1e999999999999",
                "BOOL   | [1]   | [1]                 | [0] | must be a boolean, was a number",
                "BOOL   | [1]   | [tru]               | [0] | must be valid JSON: expected true",
                "BYTES  | [1]   | [1]                 | [0] | must be a string, was a number",
                "FP16   | [1]   | [65520]             | [0] | must be in the range of FP16, was 65520",
                "BF16   | [1]   | [-3.3961775292304602e38] | [0] | must be in the range of BF16",
                // Count and nesting
                "FP32   | [3]   | [1,2]               | `` | must have 3 elements for shape [3], had fewer",
                "FP32   | [2]   | [1,2,3]             | `` | must have 2 elements for shape [2], had more",
                "FP32   | [1000]| [1]                 | `` | must have 1000 elements for shape [1000], had fewer",
                "FP32   | [0]   | [1]                 | `` | must have 0 elements for shape [0], had more",
                "FP32   | [2,2] | [1,2,3]             | `` | must have 4 elements for shape [2, 2], had fewer",
                "FP32   | [2,2] | [[1,2],[3]]         | [3] | must be flat or nested to match shape [2, 2]",
                "FP32   | [2,2] | [[1,2],[3,4,5]]     | [4] | must be flat or nested to match shape [2, 2]",
                "FP32   | [2,2] | [[1,2],3,4]         | [2] | must be flat or nested to match shape [2, 2]",
                "FP32   | [2,2] | [[1,2],[3,[4]]]     | [3] | must be flat or nested to match shape [2, 2]",
                "FP32   | [2,2] | [[1,2],[3,4],[5,6]] | [4] | must be flat or nested to match shape [2, 2]",
                "FP32   | [4]   | [[1,2],[3,4]]       | [0] | must be a number, was an array",
                "FP32   | [2,2] | [1,2,[3,4]]         | [2] | must be a number, was an array",
                "FP32   | [1,2,2] | [[1,2,3,4]]       | [0] | must be flat or nested to match shape [1, 2, 2]",
                "FP32   | [1]   | 1                   | `` | must be an array, was a number",
                "FP32   | [1]   | {}                  | `` | must be an array, was an object",
            })
    void refusesDataThatBreaksARuleWhereverItStands(
            String datatype, String shape, String data, String element, String rule) {
        String inOrder = "{'name':'a','shape':%2$s,'datatype':'%1$s','data':%3$s}";
        String dataFirst = "{'data':%3$s,'name':'a','datatype':'%1$s','shape':%2$s}";
        String good = tensor("FP32", "[1]", "[1]");

        for (String order : new String[] {inOrder, dataFirst}) {
            String bad = order.formatted(datatype, shape, data).replace('\'', '"');
            Payload payload = json("{\"inputs\":[" + good + "," + bad + "]}");
            InvalidRequestException refusal =
                    catchThrowableOfType(InvalidRequestException.class, () -> reader.read(payload));
            assertThat(refusal).isNotNull();
            if (order.equals(inOrder) || !refusal.rule().startsWith("must be valid JSON")) {
                assertThat(refusal.rule()).startsWith(rule.replace('\'', rule.contains("expected") ? '\'' : '"'));
                assertThat(refusal.field()).isEqualTo("inputs[1].data" + element);
            }
        }
    }

    @Test
    void refusesDeepNestingEvenBeforeItKnowsTheShape() {
        String deep = "[".repeat(61) + "]".repeat(61);

        assertRefused(
                json("{\"inputs\":[{\"data\":[" + deep + "]}]}"),
                "inputs[0].data",
                "must be nested at most 64 levels deep");
        assertRefused(json("[".repeat(50_000)), "body", "must be an object, was an array");
    }

    @Test
    void refusesMoreTensorsThanItsLimit() {
        String four =
                String.join(",", tensor("a", "FP32"), tensor("b", "FP32"), tensor("c", "FP32"), tensor("d", "FP32"));

        assertRefused(json("{\"inputs\":[" + four + "]}"), "inputs[3]", "must be within the limit of 3");
    }

    @Test
    void refusesBodiesStringsAndNumbersOverTheirLimits() {
        assertRefused(json(" ".repeat(100_001)), "body", "must have at most 100000 bytes, had 100001");
        assertRefused(json("{\"id\":\"" + "a".repeat(101) + "\"}"), "id", "must have at most 100 bytes, had 101");
        assertRefused(
                json("{\"inputs\":[" + tensor("FP64", "[1]", "[0." + "1".repeat(1100) + "]") + "]}"),
                "inputs[0].data[0]",
                "must have at most 1100 characters, had 1102");
    }

    @Test
    void refusesBytesThatAreNotUtf8() {
        assertRefused(
                Payload.json("{\"id\":\"\u00ff\"}".getBytes(ISO_8859_1)),
                "id",
                "must be valid JSON: a string is not UTF-8");
    }

    @Test
    void truncatesQuotedInputInErrors() {
        RequestReader generous = new RequestReader(ReaderLimits.DEFAULT);
        InvalidRequestException refusal = catchThrowableOfType(
                InvalidRequestException.class, () -> generous.read(json("{\"" + "k".repeat(9999) + "\":tru}")));

        assertThat(refusal.field()).hasSize(201).endsWith("…");
    }

    private InferenceRequest readAll(String tensor) throws InvalidRequestException {
        return reader.read(json("{\"inputs\":[" + tensor + "]}"));
    }

    private Tensor read(String tensor) throws InvalidRequestException {
        return readAll(tensor).inputs().get(0);
    }

    private ByteBuffer data(String datatype, String twoElements) throws InvalidRequestException {
        return read(tensor(datatype, "[2]", "[" + twoElements + "]")).data();
    }

    private void assertRefused(Payload payload, String field, String rule) {
        InvalidRequestException refusal =
                catchThrowableOfType(InvalidRequestException.class, () -> reader.read(payload));

        assertThat(refusal).isNotNull();
        assertThat(refusal.rule()).startsWith(rule);
        assertThat(refusal.field()).isEqualTo(field);
    }

    private static String tensor(String name, String datatype) {
        return tensor(datatype, "[1]", "[1]").replace("\"x\"", "\"" + name + "\"");
    }

    private static String tensor(String datatype, String shape, String data) {
        return "{\"name\":\"x\",\"shape\":%s,\"datatype\":\"%s\",\"data\":%s}".formatted(shape, datatype, data);
    }

    private static Payload json(String text) {
        return Payload.json(text.getBytes(UTF_8));
    }

    private static ByteBuffer bytes(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length);
        for (int value : values) {
            bytes.put((byte) value);
        }
        return bytes.flip();
    }
}
