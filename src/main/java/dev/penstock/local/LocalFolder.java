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

/** A folder that a local part writes to: kept, and ours alone until closed; or a temporary one, deleted on close. */
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
            throw new CannotStartException("no temporary folder can be made: " + e, e);
        }
    }

    /** Locked here, since two brokers over one log destroy it before they get to the broker's own lock. */
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
            throw new CannotStartException("%s cannot be used: %s".formatted(path, e), e);
        }
        throw new CannotStartException("%s is in use: another penstock up? choose one with --data-dir".formatted(path));
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
            // Nothing depends on it: a lock ends with the JVM, and temporary files are the system's to sweep.
            System.err.println("penstock: %s could not be tidied up: %s".formatted(path, e));
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
