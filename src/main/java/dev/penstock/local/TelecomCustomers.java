package dev.penstock.local;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import org.h2.jdbcx.JdbcDataSource;

/** The feature source of the sample model {@code churn}: customers by id, in an in-memory database (H2). */
public final class TelecomCustomers {
    private final String url;

    private TelecomCustomers(Path table) {
        String path = table.toAbsolutePath().toString().replace("'", "''").replace(";", "\\;");
        // Declares the type of each column, since the CSV file has only text. The row number is the id.
        // The first connection fills the table. DB_CLOSE_DELAY=-1 keeps it when no connection is open.
        this.url = "jdbc:h2:mem:telecom;DB_CLOSE_DELAY=-1;INIT="
                + """
                CREATE TABLE IF NOT EXISTS customers (
                  customer_id BIGINT PRIMARY KEY, account_length REAL, international_plan BOOLEAN, voice_mail_plan BOOLEAN,
                  number_vmail_messages REAL, total_day_minutes REAL, total_day_calls REAL, total_eve_minutes REAL, total_eve_calls REAL,
                  total_night_minutes REAL, total_night_calls REAL, total_intl_minutes REAL, total_intl_calls REAL,
                  number_customer_service_calls REAL)
                AS SELECT ROWNUM(), account_length, international_plan, voice_mail_plan, number_vmail_messages, total_day_minutes,
                  total_day_calls, total_eve_minutes, total_eve_calls, total_night_minutes, total_night_calls, total_intl_minutes,
                  total_intl_calls, number_customer_service_calls
                FROM CSVREAD('%s')""".formatted(path).replace('\n', ' ');
    }

    /** @param models the model folder; the result is empty when it does not contain the sample model */
    public static Optional<TelecomCustomers> of(Path models) {
        Path table = models.resolve("churn").resolve("customers.csv");
        return Files.exists(table) ? Optional.of(new TelecomCustomers(table)) : Optional.empty();
    }

    /** Returns the configuration of the source that the sample's {@code model.yaml} names. */
    public Map<String, String> source() {
        String prefix = "penstock.features.sources.telecom.";
        return Map.of(
                prefix + "type", "sql",
                prefix + "jdbc-url", url,
                prefix + "query", "SELECT * FROM customers WHERE customer_id IN (?)");
    }

    /** Reads the table into memory; takes some tenths of a second. */
    void load() {
        JdbcDataSource database = new JdbcDataSource();
        database.setUrl(url);
        try {
            database.getConnection().close();
        } catch (SQLException e) {
            throw new CannotStartException("cannot read the customers of the sample model 'churn': " + e, e);
        }
    }
}
