package dev.penstock.model.remote;

import dev.penstock.model.ModelAwayException;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.config.FilesSection;
import dev.penstock.protocol.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/** Downloads files over HTTP. Follows no redirect. One that does not get on for {@value #STALLED_SECONDS} s is given up. */
final class Download implements AutoCloseable {
    private static final int STALLED_SECONDS = 30;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final int CHUNK_BYTES = 64 << 10;
    private static final int OK = 200;
    private static final int PARTIAL = 206;
    private static final int NO_SUCH_RANGE = 416;

    private final FilesSection source;
    private final BooleanSupplier isEnding;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpClient http = HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT_TIMEOUT)
            .executor(threads)
            .build();

    /** Counts what arrives. */
    private final AtomicLong arrived = new AtomicLong();

    /** @param isEnding asked each second: whether to give up */
    Download(FilesSection source, BooleanSupplier isEnding) {
        this.source = source;
        this.isEnding = isEnding;
    }

    /** A small file. */
    byte[] bytes(String path, int limitBytes) throws IOException, ModelAwayException {
        return watched(() -> {
            HttpResponse<InputStream> response = http.send(request(path).build(), BodyHandlers.ofInputStream());
            try (InputStream body = response.body()) {
                requireOk(path, response);
                byte[] bytes = body.readNBytes(limitBytes);
                if (body.read() >= 0) {
                    throw new IOException(path + " must have at most " + limitBytes + " bytes");
                }
                return bytes;
            }
        });
    }

    /**
     * Downloads what is missing of a file.
     *
     * @param place of the file, where an earlier try may have left its beginning
     * @return its size in bytes
     * @throws ModelRefusedException when it is too large, or has another hash
     * @throws ModelAwayException when another try may succeed
     */
    long file(String path, Path place, String sha256, long limitBytes)
            throws IOException, ModelRefusedException, ModelAwayException {
        long before = Files.exists(place, LinkOption.NOFOLLOW_LINKS) ? Files.size(place) : 0;
        boolean isWhole = before > 0 && before <= limitBytes && hash(place).equals(sha256);
        if (!isWhole) {
            watched(() -> {
                download(path, place, before, limitBytes);
                return true;
            });
            if (Files.size(place) > limitBytes) {
                Files.delete(place);
                throw new ModelRefusedException(source.url() + "/" + path
                        + " is too large: the files of a version must have at most penstock.worker.max-model-bytes");
            }
            String actual = hash(place);
            if (!actual.equals(sha256)) {
                Files.delete(place);
                String difference = source.url() + "/" + path + " must have the SHA-256 " + sha256 + ", was " + actual;
                if (before > 0) {
                    throw new ModelAwayException(difference + "; it may have changed since its beginning was fetched");
                }
                throw new ModelRefusedException(difference);
            }
        }
        return Files.size(place);
    }

    /** Stops one byte beyond the limit. */
    private void download(String path, Path place, long before, long limitBytes)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = request(path);
        if (before > 0) {
            request.header("Range", "bytes=" + before + "-");
        }
        HttpResponse<InputStream> response = http.send(request.build(), BodyHandlers.ofInputStream());
        try (InputStream body = response.body()) {
            if (response.statusCode() == NO_SUCH_RANGE) {
                Files.delete(place);
            }
            boolean goesOn = response.statusCode() == PARTIAL
                    && response.headers().firstValue("Content-Range").orElse("").startsWith("bytes " + before + "-");
            if (!goesOn) {
                requireOk(path, response);
            }
            OpenOption[] how = {
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                goesOn ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING,
                LinkOption.NOFOLLOW_LINKS
            };
            try (OutputStream file = Files.newOutputStream(place, how)) {
                byte[] chunk = new byte[CHUNK_BYTES];
                long size = goesOn ? before : 0;
                for (int read = body.read(chunk); read >= 0 && size <= limitBytes; read = body.read(chunk)) {
                    file.write(chunk, 0, read);
                    size += read;
                    arrived.addAndGet(read);
                }
            }
        }
    }

    private HttpRequest.Builder request(String path) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(source.url() + "/" + path));
        if (source.apiKeyFile().isPresent()) {
            String key = Files.readString(source.apiKeyFile().get()).strip();
            try {
                request.header("Authorization", "Bearer " + key);
            } catch (IllegalArgumentException quotesTheKey) {
                throw new IOException("remote.files.api_key_file must have a key that a header can carry");
            }
        }
        return request;
    }

    private static void requireOk(String path, HttpResponse<?> response) throws IOException {
        if (response.statusCode() != OK) {
            throw new IOException(path + " was answered with status " + response.statusCode());
        }
    }

    /** Waits as long as something arrives. */
    private <T> T watched(Callable<T> transfer) throws IOException, ModelAwayException {
        Future<T> running = threads.submit(transfer);
        long before = arrived.get();
        int idleSeconds = 0;
        try {
            while (true) {
                try {
                    return running.get(1, TimeUnit.SECONDS);
                } catch (TimeoutException notYet) {
                    long now = arrived.get();
                    idleSeconds = now == before ? idleSeconds + 1 : 0;
                    before = now;
                }
                if (isEnding.getAsBoolean()) {
                    throw new ModelAwayException("this process ends");
                }
                if (idleSeconds >= STALLED_SECONDS) {
                    throw new IOException("nothing has arrived for " + STALLED_SECONDS + " s");
                }
            }
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof IOException broken) {
                throw broken;
            }
            throw new IllegalStateException(failed.getCause());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the worker stops");
        } finally {
            running.cancel(true);
        }
    }

    private static String hash(Path file) throws IOException {
        try (DigestOutputStream digest = new DigestOutputStream(OutputStream.nullOutputStream(), Sha256.newDigest())) {
            Files.copy(file, digest);
            return HexFormat.of().formatHex(digest.getMessageDigest().digest());
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
        threads.shutdownNow();
    }
}
