package dev.penstock.local;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/** A folder of an embedded server: either kept, and locked until close; or temporary, and deleted on close. */
final class LocalFolder implements AutoCloseable {

    private final Path path;
    private final Optional<FileChannel> lock;

    private LocalFolder(Path path, Optional<FileChannel> lock) {
        this.path = path;
        this.lock = lock;
    }

    static LocalFolder temporary(String prefix) {
        try {
            return new LocalFolder(Files.createTempDirectory(prefix), Optional.empty());
        } catch (IOException e) {
            throw new CannotStartException("cannot create a temporary folder: " + e, e);
        }
    }

    /** Opens and locks a kept folder. The broker's own lock comes too late: two brokers would have damaged the log before it. */
    static LocalFolder kept(Path given) {
        Path path = given.toAbsolutePath();
        try {
            Files.createDirectories(path);
            FileChannel lock = FileChannel.open(
                    path.resolve("penstock.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (locked(lock)) {
                return new LocalFolder(path, Optional.of(lock));
            }
            lock.close();
        } catch (IOException e) {
            throw new CannotStartException("cannot use folder %s: %s".formatted(path, e), e);
        }
        throw new CannotStartException(
                "folder %s is in use by another Penstock; stop it, or choose another folder with --data-dir"
                        .formatted(path));
    }

    Path path() {
        return path;
    }

    Path resolve(String name) {
        return path.resolve(name);
    }

    @Override
    public void close() {
        try {
            if (lock.isPresent()) {
                lock.get().close();
            } else if (Files.exists(path)) {
                delete();
            }
        } catch (IOException e) {
            // Harmless: the lock ends with the JVM, and the system cleans up temporary files.
            System.err.println("penstock: cannot clean up folder %s: %s".formatted(path, e));
        }
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private void delete() throws IOException {
        try (Stream<Path> all = Files.walk(path)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }
}
