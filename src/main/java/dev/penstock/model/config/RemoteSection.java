package dev.penstock.model.config;

import dev.penstock.model.ModelRefusedException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The section {@code remote} of model.yaml: a centre that runs this model.
 *
 * @param url {@code url}: the centre, any endpoint of the Open Inference Protocol
 * @param model {@code model}: the model's name there
 * @param timeout {@code timeout}: the longest time of a call
 * @param apiKeyFile {@code api_key_file}: the file of the key that the centre knows this edge by, relative to the model's folder; read for
 *     each call
 * @param inFlight {@code in_flight}: the calls at a time. More use a distant centre better and load it more
 * @param maxAnswerBytes {@code max_answer_bytes}: a longer answer is not read
 */
public record RemoteSection(
        URI url, String model, Duration timeout, Optional<Path> apiKeyFile, int inFlight, int maxAnswerBytes) {
    private static final int MOST_IN_FLIGHT = 64;

    /** This section with its paths as those of files in the model's folder. */
    public RemoteSection in(Path folder) {
        return new RemoteSection(url, model, timeout, apiKeyFile.map(folder::resolve), inFlight, maxAnswerBytes);
    }

    static Optional<RemoteSection> read(YamlSection yaml) throws ModelRefusedException {
        if (yaml.keys().isEmpty()) {
            return Optional.empty();
        }
        String url = yaml.text("url").orElseThrow(() -> yaml.refused("url", "must name the centre", "absent"));
        String model = yaml.text("model").orElseThrow(() -> yaml.refused("model", "must name a model there", "absent"));
        if (!ModelNames.NAME.matcher(model).matches()) {
            throw yaml.refused("model", "must match " + ModelNames.NAME, model);
        }
        RemoteSection section = new RemoteSection(
                url(yaml, url),
                model,
                yaml.duration("timeout", Duration.ofMillis(1), Duration.ofMinutes(10))
                        .orElse(Duration.ofSeconds(10)),
                yaml.text("api_key_file").map(Path::of),
                yaml.integer("in_flight", 1, MOST_IN_FLIGHT, 4),
                (int) yaml.bytes("max_answer_bytes", 1, 1 << 30).orElse(16 << 20));
        yaml.refuseUnknownKeys();
        return Optional.of(section);
    }

    private static URI url(YamlSection yaml, String text) throws ModelRefusedException {
        ModelRefusedException refused =
                yaml.refused("url", "must be http://host or https://host, without user, query or fragment", text);
        try {
            URI url = URI.create(text.replaceAll("/+$", ""));
            boolean isHttp = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
            if (isHttp
                    && url.getHost() != null
                    && url.getRawUserInfo() == null
                    && url.getRawQuery() == null
                    && url.getRawFragment() == null) {
                return url;
            }
        } catch (IllegalArgumentException notAUri) {
            refused.addSuppressed(notAUri);
        }
        throw refused;
    }
}
