package dev.penstock.model.config;

import dev.penstock.model.ModelRefusedException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The section {@code remote.files} of model.yaml: where versions that are missing here are fetched from.
 *
 * @param url {@code url}: a folder over HTTP with a folder for each version, such as one of an object storage
 * @param apiKeyFile {@code api_key_file}: the file of a key that is sent as a bearer token, relative to the model's folder
 */
public record FilesSection(URI url, Optional<Path> apiKeyFile) {

    /** This section with its path as that of a file in the model's folder. */
    FilesSection in(Path folder) {
        return new FilesSection(url, apiKeyFile.map(folder::resolve));
    }

    /** @param remote the section {@code remote} */
    static Optional<FilesSection> read(YamlSection remote) throws ModelRefusedException {
        YamlSection yaml = remote.section("files");
        if (yaml.keys().isEmpty()) {
            return Optional.empty();
        }
        FilesSection files = new FilesSection(
                RemoteSection.url(yaml), yaml.text("api_key_file").map(Path::of));
        yaml.refuseUnknownKeys();
        return Optional.of(files);
    }
}
