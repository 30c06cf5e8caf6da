package dev.penstock.local;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The text that {@code up} and {@code kafka} print when everything is ready. Every address in it answers. */
final class Welcome {

    private Welcome() {}

    /**
     * @param startMillis since the process began
     * @param hasConsole whether the ingress shows the console
     * @param examples calls of served models, for a shell
     */
    static String toService(long startMillis, Addresses addresses, boolean hasConsole, List<String> examples) {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%nPenstock is up after %.0f s (%s). Ctrl-C stops it.%n%n",
                startMillis / 1e3,
                addresses.roles()));
        Optional<String> http = addresses.http();
        http.filter(address -> hasConsole).ifPresent(address -> line(text, "console", address + "/"));
        http.ifPresent(address -> line(text, "requests", address + "/v2"));
        http.ifPresent(address -> line(text, "API", address + "/q/swagger-ui/"));
        line(text, "health", addresses.management() + "/q/health");
        line(text, "metrics", addresses.management() + "/q/metrics");
        line(text, "Kafka", addresses.kafka());
        addresses.redis().ifPresent(url -> line(text, "Redis", withoutPassword(url)));
        if (http.isPresent()) {
            text.append(
                    examples.isEmpty()
                            ? "%nNo model is served yet. The lines above say why.%n".formatted()
                            : "%nTry it:%n%n  %s%n".formatted(String.join("%n%n  ".formatted(), examples)));
        }
        return text.toString();
    }

    static String toStack(String kafka, String redis) {
        StringBuilder text = new StringBuilder("%nKafka and Redis are up. Ctrl-C stops them.%n%n".formatted());
        line(text, "Kafka", kafka);
        line(text, "Redis", redis);
        return text.toString();
    }

    /** Terminals and logs are read by others. */
    static String withoutPassword(String url) {
        int user = url.indexOf("://") + 3;
        int host = url.lastIndexOf('@');
        String masked = user < 3 || host < user ? url : url.substring(0, user) + "***" + url.substring(host);
        return masked.replaceAll("(?i)([?&](?:password|user)=)[^&]*", "$1***");
    }

    private static void line(StringBuilder text, String what, String where) {
        text.append("  %-16s %s%n".formatted(what, where));
    }
}
