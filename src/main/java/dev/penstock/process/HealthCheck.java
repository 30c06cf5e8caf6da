package dev.penstock.process;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;

/** The health check of an image without curl and shell: asks a health address once. */
public final class HealthCheck {
    private static final int PATIENCE_MS = 4000;

    private HealthCheck() {}

    /** Ends with 0 if the address given as the only argument answers 200, and otherwise with 1, as Docker expects. */
    public static void main(String... arguments) {
        System.exit(isHealthy(URI.create(arguments[0])) ? 0 : 1);
    }

    static boolean isHealthy(URI address) {
        try {
            HttpURLConnection connection = (HttpURLConnection) address.toURL().openConnection();
            connection.setConnectTimeout(PATIENCE_MS);
            connection.setReadTimeout(PATIENCE_MS);
            return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
        } catch (IOException unanswered) {
            return false;
        }
    }
}
