package dev.penstock.service;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

/** A valid call to the sample model, and the parts that invalid calls are built from. */
final class GoodInput {
    static final String PIXELS = "0,".repeat(63) + "0";

    private GoodInput() {}

    static byte[] body() {
        return withData(PIXELS).getBytes(UTF_8);
    }

    static byte[] call() {
        byte[] body = body();
        return BadInput.join(
                ("POST " + BadInput.INFER + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + body.length + "\r\n\r\n")
                        .getBytes(ISO_8859_1),
                body);
    }

    /** A body with this as the first of the 64 numbers. */
    static String withNumber(String number) {
        return withData(PIXELS.replaceFirst("0", number));
    }

    static String withData(String data) {
        return withShape("[1,64]", data);
    }

    static String withShape(String shape, String data) {
        return withInput("\"name\":\"pixels\",\"shape\":" + shape + ",\"datatype\":\"FP32\",\"data\":[" + data + "]");
    }

    /** A body with these members in its only input. */
    static String withInput(String members) {
        return "{\"inputs\":[{" + members + "}]}";
    }

    /** A body with these members before {@code inputs}. */
    static String with(String members) {
        return "{" + members + "," + withData(PIXELS).substring(1);
    }
}
