package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.zip.GZIPInputStream;

/** Images of handwritten digits for the sample model {@code digits}, with the model's own results. */
public final class DigitsCorpus implements Corpus {
    private static final String TABLE = "/samples/digits.csv.gz";
    private static final int PIXELS = 64;
    private static final JsonFactory JSON = new JsonFactory();

    private final List<String> images;

    /** The request of each image, from the end of the id on. */
    private final List<byte[]> inputs;

    private final long[] digits;

    /**
     * @param images one line per image: 64 comma-separated numbers; further columns are ignored
     * @param digits the expected answers
     */
    DigitsCorpus(List<String> images, long[] digits) {
        this.images = images.stream().map(DigitsCorpus::pixels).toList();
        this.inputs = images.stream().map(DigitsCorpus::inputs).toList();
        this.digits = digits.clone();
    }

    /**
     * Reads all images of the table. The expected results are those of the model itself, computed here without the service. Errors of the
     * model thus do not count as errors of the service, and a reply to another request is detected.
     */
    public static DigitsCorpus load(Path model) throws IOException, OrtException {
        try (InputStream table = DigitsCorpus.class.getResourceAsStream(TABLE)) {
            if (table == null) {
                throw new IOException("class path must contain " + TABLE);
            }
            List<String> images = new BufferedReader(new InputStreamReader(new GZIPInputStream(table), US_ASCII))
                    .lines()
                    .toList();
            return new DigitsCorpus(images, answers(model, images));
        }
    }

    private static long[] answers(Path model, List<String> images) throws OrtException {
        float[][] pixels = new float[images.size()][PIXELS];
        for (int row = 0; row < pixels.length; row++) {
            String[] fields = images.get(row).split(",", -1);
            for (int i = 0; i < PIXELS; i++) {
                pixels[row][i] = Float.parseFloat(fields[i]);
            }
        }
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(model.toString());
                OnnxTensor input = OnnxTensor.createTensor(environment, pixels);
                OrtSession.Result result = session.run(Map.of("pixels", input), Set.of("digit"))) {
            return (long[]) result.get(0).getValue();
        }
    }

    private static String pixels(String line) {
        return String.join(",", List.of(line.split(",", -1)).subList(0, PIXELS));
    }

    private static byte[] inputs(String image) {
        String data = pixels(image);
        return ("\",\"inputs\":[{\"name\":\"pixels\",\"shape\":[1,64],\"datatype\":\"FP32\",\"data\":[" + data + "]}]}")
                .getBytes(US_ASCII);
    }

    @Override
    public int size() {
        return inputs.size();
    }

    @Override
    public byte[] body(int i) {
        byte[] id = ("{\"id\":\"" + i).getBytes(US_ASCII);
        byte[] rest = inputs.get(i % size());
        byte[] body = new byte[id.length + rest.length];
        System.arraycopy(id, 0, body, 0, id.length);
        System.arraycopy(rest, 0, body, id.length, rest.length);
        return body;
    }

    /** The 64 values of an image, as text. */
    List<String> image(int i) {
        return List.of(images.get(i % size()).split(",", -1));
    }

    @Override
    public boolean check(int i, byte[] response) {
        return check(i, i, response);
    }

    /** Reads a token stream without building a tree, because the check shares its cores with the system under test. */
    boolean check(int i, int image, byte[] response) {
        boolean rightId = false;
        boolean rightDigit = false;
        try (JsonParser json = JSON.createParser(response)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                return false;
            }
            for (String field = json.nextFieldName(); field != null; field = json.nextFieldName()) {
                json.nextToken();
                switch (field) {
                    case "id" -> rightId = json.getText().equals(Integer.toString(i));
                    case "outputs" -> {
                        OptionalInt digit = digit(json);
                        rightDigit = digit.isPresent() && digit.getAsInt() == digits[image % size()];
                    }
                    default -> json.skipChildren();
                }
            }
        } catch (IOException e) {
            return false;
        }
        return rightId && rightDigit;
    }

    /** Returns the first element of the output {@code digit}. Moves the parser from the start of the outputs to their end. */
    private static OptionalInt digit(JsonParser json) throws IOException {
        OptionalInt digit = OptionalInt.empty();
        while (json.nextToken() == JsonToken.START_OBJECT) {
            boolean named = false;
            OptionalInt first = OptionalInt.empty();
            for (String field = json.nextFieldName(); field != null; field = json.nextFieldName()) {
                json.nextToken();
                switch (field) {
                    case "name" -> named = json.getText().equals("digit");
                    case "data" -> first = firstElement(json);
                    default -> json.skipChildren();
                }
            }
            if (named) {
                digit = first;
            }
        }
        return digit;
    }

    private static OptionalInt firstElement(JsonParser json) throws IOException {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            return OptionalInt.empty();
        }
        OptionalInt first = OptionalInt.empty();
        if (json.nextToken() == JsonToken.VALUE_NUMBER_INT) {
            first = OptionalInt.of(json.getIntValue());
        }
        while (json.currentToken() != JsonToken.END_ARRAY) {
            json.skipChildren();
            json.nextToken();
        }
        return first;
    }
}
