package dev.penstock.model.config;

import dev.penstock.model.ModelRefusedException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The section {@code remote} of model.yaml: a centre that runs this model, and the key {@code fallback} beside it.
 *
 * @param url {@code url}: the centre, any endpoint of the Open Inference Protocol
 * @param model {@code model}: the model's name there
 * @param use {@code use}: what the centre runs
 * @param fallback {@code fallback}: the model that runs here what the centre cannot answer in time
 * @param timeout {@code timeout}: the longest time of a call
 * @param apiKeyFile {@code api_key_file}: the file of the key that the centre knows this edge by, relative to the model's folder; read for
 *     each call
 * @param inFlight {@code in_flight}: the most calls at a time. How many there are is found out
 * @param maxAnswerBytes {@code max_answer_bytes}: a longer answer is not read
 * @param files {@code files}: where versions that are missing here are fetched from
 */
public record RemoteSection(
        URI url,
        String model,
        Use use,
        Optional<String> fallback,
        Duration timeout,
        Optional<Path> apiKeyFile,
        int inFlight,
        int maxAnswerBytes,
        Optional<FilesSection> files) {
    private static final int MOST_IN_FLIGHT = 64;
    private static final String NO_FALLBACK = "refuse";

    /** What a centre runs. */
    public enum Use {
        /** All requests. The model has no files here. */
        CENTRE,

        /** What waits too long for the local sessions. */
        OVERFLOW,

        /** Nothing: the local sessions run all requests, or the fallback where the model has no files here. */
        NEVER
    }

    /** This section with its paths as those of files in the model's folder. */
    public RemoteSection in(Path folder) {
        return new RemoteSection(
                url,
                model,
                use,
                fallback,
                timeout,
                apiKeyFile.map(folder::resolve),
                inFlight,
                maxAnswerBytes,
                files.map(section -> section.in(folder)));
    }

    /** @param whole all of model.yaml */
    static Optional<RemoteSection> read(YamlSection whole) throws ModelRefusedException {
        YamlSection yaml = whole.section("remote");
        Optional<String> fallback = whole.text("fallback");
        if (yaml.keys().isEmpty()) {
            if (fallback.isPresent()) {
                throw whole.refused("fallback", "must be absent where no centre runs the model", fallback.get());
            }
            return Optional.empty();
        }
        Use use = yaml.choice("use", Use.class).orElse(Use.CENTRE);
        URI url = url(yaml);
        String model = yaml.text("model").orElseThrow(() -> yaml.refused("model", "must name a model there", "absent"));
        if (!ModelNames.NAME.matcher(model).matches()) {
            throw yaml.refused("model", "must match " + ModelNames.NAME, model);
        }
        RemoteSection section = new RemoteSection(
                url,
                model,
                use,
                fallback(whole, fallback, use),
                yaml.duration("timeout", Duration.ofMillis(1), Duration.ofMinutes(10))
                        .orElse(Duration.ofSeconds(10)),
                yaml.text("api_key_file").map(Path::of),
                yaml.integer("in_flight", 1, MOST_IN_FLIGHT, MOST_IN_FLIGHT),
                (int) yaml.bytes("max_answer_bytes", 1, 1 << 30).orElse(16 << 20),
                files(yaml, use));
        yaml.refuseUnknownKeys();
        return Optional.of(section);
    }

    private static Optional<String> fallback(YamlSection whole, Optional<String> fallback, Use use)
            throws ModelRefusedException {
        Optional<String> model = fallback.filter(name -> !name.equals(NO_FALLBACK));
        if (model.isPresent() && !ModelNames.NAME.matcher(model.get()).matches()) {
            throw whole.refused("fallback", "must be '" + NO_FALLBACK + "' or match " + ModelNames.NAME, model.get());
        }
        if (model.isPresent() && use == Use.OVERFLOW) {
            throw whole.refused(
                    "fallback", "must be absent with remote.use: overflow, whose local sessions run it", model.get());
        }
        return model;
    }

    private static Optional<FilesSection> files(YamlSection yaml, Use use) throws ModelRefusedException {
        Optional<FilesSection> files = FilesSection.read(yaml);
        if (files.isPresent() && use == Use.CENTRE) {
            throw yaml.refused("files", "must be absent with remote.use: centre, which runs no files here", "present");
        }
        return files;
    }

    /** The key {@code url} of a section: without a slash at its end. */
    static URI url(YamlSection yaml) throws ModelRefusedException {
        String text = yaml.text("url").orElseThrow(() -> yaml.refused("url", "must be there", "absent"));
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
