package dev.penstock.fuzz;

import dev.penstock.protocol.Payload;

/** Fuzzes the JSON codec. The input is the body. */
public final class JsonFuzz {
    private JsonFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        Payload payload = Payload.json(input);
        RequestProperties.check(payload, () -> RequestProperties.READER.read(payload));
    }
}
