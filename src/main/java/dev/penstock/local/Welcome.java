package dev.penstock.local;

import java.util.Locale;
import java.util.Optional;

/** The text that {@code up} and {@code kafka} print when everything is ready. */
final class Welcome {

    private Welcome() {}

    /** @param servesChurn whether the sample model {@code churn}, which looks features up, is in the model folder */
    static String toService(LocalOptions options, String kafka, Optional<String> redis, boolean servesChurn) {
        StringBuilder text =
                new StringBuilder("\nPenstock is up (%s). Ctrl-C stops it.\n\n".formatted(options.roles()));
        if (options.isIngress()) {
            line(text, "requests", "http://localhost:" + options.port() + "/v2");
        }
        line(text, "health, metrics", "http://localhost:" + options.managementPort() + "/q");
        line(text, "Kafka", kafka);
        redis.ifPresent(url -> line(text, "Redis", url));
        if (options.isIngress()) {
            text.append(String.format(Locale.ROOT, """

                    Try it:

                      curl -s localhost:%d/v2/models/digits/infer -d @docs/examples/seven.json
                    """, options.port()));
        }
        if (options.isIngress() && servesChurn) {
            text.append(String.format(Locale.ROOT, """

                    Send an id, not a tensor (will customers 7 and 16 leave?):

                      curl -s localhost:%d/v2/models/churn/infer \\
                          -d '{"inputs":[{"name":"customer_id","datatype":"INT64","shape":[2],"data":[7,16]}]}'
                    """, options.port()));
        }
        return text.toString();
    }

    static String toStack(String kafka, String redis) {
        StringBuilder text = new StringBuilder("\nKafka and Redis are up. Ctrl-C stops them.\n\n");
        line(text, "Kafka", kafka);
        line(text, "Redis", redis);
        return text.toString();
    }

    private static void line(StringBuilder text, String what, String where) {
        text.append("  %-16s %s%n".formatted(what, where));
    }
}
