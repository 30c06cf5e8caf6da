package dev.penstock.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** A folder with all models of a centre, each of which the centre runs. */
final class CentreModels {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final int OK = 200;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String KEY_FILE = "key";

    /** What the centre says becomes the name of a folder. */
    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}");

    private CentreModels() {}

    /**
     * Asks the centre for its models, and writes a {@code model.yaml} for each.
     *
     * @param keyFile of the key that the centre knows this edge by; a copy of it goes into the folder
     * @return the names of the models
     * @throws CannotStartException when the centre does not tell, or has none
     */
    static List<String> write(URI centre, Optional<Path> keyFile, LocalFolder folder) {
        Optional<String> key = keyFile.map(CentreModels::key);
        List<String> names = names(centre, ask(centre, key));
        if (names.isEmpty()) {
            throw new CannotStartException("the centre " + centre + " serves no model");
        }
        try {
            for (String name : names) {
                Path model = Files.createDirectory(folder.resolve(name));
                String keyLine = "";
                if (key.isPresent()) {
                    Path copy = Files.createFile(
                            model.resolve(KEY_FILE),
                            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                    Files.writeString(copy, key.get());
                    keyLine = ", api_key_file: " + KEY_FILE;
                }
                Files.writeString(
                        model.resolve("model.yaml"),
                        "remote: {url: '" + centre + "', model: '" + name + "'" + keyLine + "}\n");
            }
            return names;
        } catch (IOException e) {
            throw new CannotStartException("cannot write the models of the centre to " + folder.path() + ": " + e, e);
        }
    }

    private static String key(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException unreadable) {
            throw new CannotStartException("the key file " + file + " cannot be read: " + unreadable, unreadable);
        }
    }

    /** The index of the centre's repository, as Triton and Penstock have it. */
    private static HttpResponse<String> ask(URI centre, Optional<String> key) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(centre + "/v2/repository/index"))
                .timeout(TIMEOUT)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"ready\": true}"));
        key.ifPresent(secret -> request.header("Authorization", "Bearer " + secret));
        try (HttpClient http =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException away) {
            throw new CannotStartException("the centre " + centre + " does not answer (" + away
                    + "); start it first, or name a folder of models with --models");
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new CannotStartException("the centre was not awaited", stopped);
        }
    }

    private static List<String> names(URI centre, HttpResponse<String> answer) {
        if (answer.statusCode() != OK) {
            throw new CannotStartException("the centre " + centre + " answered with status " + answer.statusCode()
                    + " when asked for its models"
                    + (answer.statusCode() == 401 || answer.statusCode() == 403
                            ? "; name the file of its key for this edge with --centre-key-file"
                            : ""));
        }
        try {
            JsonNode index = JSON.readTree(answer.body());
            List<String> names = new ArrayList<>();
            for (JsonNode model : index) {
                String name = model.path("name").asText();
                boolean isServed = model.path("state").asText("READY").equals("READY");
                if (isServed && NAME.matcher(name).matches() && !names.contains(name)) {
                    names.add(name);
                }
            }
            return names;
        } catch (IOException garbage) {
            throw new CannotStartException("the centre " + centre + " did not answer with a list of models", garbage);
        }
    }
}
