package dev.penstock.local;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import redis.embedded.core.ExecutableProvider;

/** The Redis executables that can be started, in the order in which they are tried. */
enum RedisExecutable {
    BUNDLED("the Redis bundled with Penstock") {
        @Override
        Path in(Path scratch) throws IOException {
            return ExecutableProvider.newJarResourceProvider(scratch.toFile())
                    .get()
                    .toPath();
        }
    },
    INSTALLED("the installed redis-server") {
        @Override
        Path in(Path scratch) throws IOException {
            return onPath("redis-server").orElseThrow(() -> new FileNotFoundException("not found on the PATH"));
        }
    };

    private final String description;

    RedisExecutable(String description) {
        this.description = description;
    }

    /** Returns the executable file, unpacked into the scratch folder if necessary. */
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
