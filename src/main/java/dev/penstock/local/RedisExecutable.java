package dev.penstock.local;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import redis.embedded.core.ExecutableProvider;

/** Where a Redis to run comes from, in the order in which they are tried. */
enum RedisExecutable {
    CARRIED("the Redis that Penstock carries") {
        @Override
        Path in(Path scratch) throws IOException {
            return ExecutableProvider.newJarResourceProvider(scratch.toFile())
                    .get()
                    .toPath();
        }
    },
    INSTALLED("the redis-server of this machine") {
        @Override
        Path in(Path scratch) throws IOException {
            return onPath("redis-server").orElseThrow(() -> new FileNotFoundException("there is none on the PATH"));
        }
    };

    private final String description;

    RedisExecutable(String description) {
        this.description = description;
    }

    /** A file to run, unpacked into the scratch folder where need be. */
    abstract Path in(Path scratch) throws IOException;

    static Optional<Path> onPath(String name) {
        return Pattern.compile(File.pathSeparator, Pattern.LITERAL)
                .splitAsStream(Optional.ofNullable(System.getenv("PATH")).orElse(""))
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    @Override
    public String toString() {
        return description;
    }
}
