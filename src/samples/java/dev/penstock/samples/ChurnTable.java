package dev.penstock.samples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** The training and test data of the sample model {@code churn}. Every fifth customer, in table order, is held out for testing. */
public final class ChurnTable {
    /** The input features, in column order. Omitted: the place of residence, and the charges, which are minutes times a price. */
    public static final List<String> FEATURES = List.of(
            "account_length",
            "international_plan",
            "voice_mail_plan",
            "number_vmail_messages",
            "total_day_minutes",
            "total_day_calls",
            "total_eve_minutes",
            "total_eve_calls",
            "total_night_minutes",
            "total_night_calls",
            "total_intl_minutes",
            "total_intl_calls",
            "number_customer_service_calls");

    private static final Path FILE = ChurnTraining.FOLDER.resolve("customers.csv");

    private final List<Row> rows;

    /** A customer: the line number as id, the features (1 for yes, 0 for no), and whether the customer left. */
    public static final class Row {
        private final long id;
        private final double[] features;
        private final boolean left;

        private Row(long id, double[] features, boolean left) {
            this.id = id;
            this.features = features;
            this.left = left;
        }

        public long id() {
            return id;
        }

        public double feature(int index) {
            return features[index];
        }

        public boolean left() {
            return left;
        }
    }

    private ChurnTable(List<Row> rows) {
        this.rows = rows;
    }

    /** Reads the table. Call it from the root of the repository. */
    public static ChurnTable load() {
        try {
            List<String> lines = Files.readAllLines(FILE);
            List<String> names = List.of(lines.getFirst().split(",", -1));
            List<Row> rows = new ArrayList<>();
            for (int id = 1; id < lines.size(); id++) {
                List<String> fields = List.of(lines.get(id).split(",", -1));
                double[] features = FEATURES.stream()
                        .mapToDouble(name -> number(fields.get(names.indexOf(name))))
                        .toArray();
                rows.add(
                        new Row(id, features, fields.get(names.indexOf("churn")).equals("yes")));
            }
            return new ChurnTable(rows);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public List<Row> training() {
        return rows(row -> !isHeldOut(row));
    }

    public List<Row> heldOut() {
        return rows(ChurnTable::isHeldOut);
    }

    private List<Row> rows(Predicate<Row> wanted) {
        return rows.stream().filter(wanted).toList();
    }

    private static boolean isHeldOut(Row row) {
        return row.id % 5 == 0;
    }

    private static double number(String field) {
        return switch (field) {
            case "yes" -> 1;
            case "no" -> 0;
            default -> Double.parseDouble(field);
        };
    }
}
