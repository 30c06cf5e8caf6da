package dev.penstock.service;

import dev.penstock.samples.DigitsTable;

/** Requests for the sample model {@code digits}. */
final class Digits {
    private Digits() {}

    static String request(DigitsTable.Row row) {
        StringBuilder body = new StringBuilder(
                "{\"inputs\":[{\"name\":\"pixels\",\"shape\":[1,64],\"datatype\":\"FP32\",\"data\":[");
        String separator = "";
        for (float pixel : row.pixels()) {
            body.append(separator).append((int) pixel);
            separator = ",";
        }
        return body.append("]}]}").toString();
    }
}
