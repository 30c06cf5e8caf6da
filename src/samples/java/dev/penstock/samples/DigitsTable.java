package dev.penstock.samples;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

/** The training and test data of the sample model {@code digits}. Every fifth row, in table order, is held out for testing. */
public final class DigitsTable {
    public static final int PIXELS = 64;
    public static final int DIGITS = 10;
    /** The value of a fully inked pixel. */
    public static final int FULL_INK = 16;

    private static final String RESOURCE = "/samples/digits.csv.gz";

    private final List<Row> rows;

    /** One image, row by row from the top left, with pixels from 0 (paper) to 16 (ink), and its label. */
    public static final class Row {
        private final float[] pixels;
        private final int digit;

        private Row(float[] pixels, int digit) {
            this.pixels = pixels;
            this.digit = digit;
        }

        private static Row parse(String line) {
            String[] fields = line.split(",", -1);
            float[] pixels = new float[PIXELS];
            for (int i = 0; i < PIXELS; i++) {
                pixels[i] = Float.parseFloat(fields[i]);
            }
            return new Row(pixels, Integer.parseInt(fields[PIXELS]));
        }

        public float[] pixels() {
            return pixels.clone();
        }

        public int digit() {
            return digit;
        }
    }

    private DigitsTable(List<Row> rows) {
        this.rows = rows;
    }

    public static DigitsTable load() {
        try (InputStream resource = Objects.requireNonNull(DigitsTable.class.getResourceAsStream(RESOURCE), RESOURCE);
                BufferedReader lines = new BufferedReader(
                        new InputStreamReader(new GZIPInputStream(resource), StandardCharsets.US_ASCII))) {
            return new DigitsTable(lines.lines().map(Row::parse).toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public List<Row> training() {
        return IntStream.range(0, rows.size())
                .filter(i -> !isHeldOut(i))
                .mapToObj(rows::get)
                .toList();
    }

    public List<Row> heldOut() {
        return IntStream.range(0, rows.size())
                .filter(DigitsTable::isHeldOut)
                .mapToObj(rows::get)
                .toList();
    }

    private static boolean isHeldOut(int row) {
        return row % 5 == 4;
    }
}
