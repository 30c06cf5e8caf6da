package dev.penstock.samples;

import java.util.List;

/** Scales each feature to a mean of 0 and a standard deviation of 1 over the given rows. */
final class Standardisation {
    private final double[] means;
    private final double[] deviations;

    private Standardisation(double[] means, double[] deviations) {
        this.means = means;
        this.deviations = deviations;
    }

    static Standardisation of(List<ChurnTable.Row> rows) {
        int features = ChurnTable.FEATURES.size();
        double[] means = new double[features];
        double[] deviations = new double[features];
        for (int i = 0; i < features; i++) {
            for (ChurnTable.Row row : rows) {
                means[i] += row.feature(i) / rows.size();
            }
            for (ChurnTable.Row row : rows) {
                double off = row.feature(i) - means[i];
                deviations[i] += off * off / rows.size();
            }
            deviations[i] = Math.sqrt(deviations[i]);
        }
        return new Standardisation(means, deviations);
    }

    double mean(int feature) {
        return means[feature];
    }

    double deviation(int feature) {
        return deviations[feature];
    }

    double[] of(ChurnTable.Row row) {
        double[] standard = new double[means.length];
        for (int i = 0; i < standard.length; i++) {
            standard[i] = (row.feature(i) - means[i]) / deviations[i];
        }
        return standard;
    }
}
