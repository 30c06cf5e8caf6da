package dev.penstock.tenants;

import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import io.quarkus.runtime.configuration.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * The tenants that a file declares. A thread compares the file's content at each interval. File events and modification times are not
 * used: they miss changes behind symbolic links, such as Kubernetes makes. An invalid file is ignored and logged. Thread-safe.
 */
public final class TenantsFile implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(TenantsFile.class);
    private static final long MOST_BYTES = 4 << 20;

    private final Path file;
    private final Duration interval;
    private final ServiceThread thread;

    /** The content of the last valid file. */
    private byte[] content;

    private volatile String trouble = "";
    private volatile Tenants tenants;

    private TenantsFile(Path file, Duration interval, Consumer<? super Fault> faults)
            throws IOException, InvalidTenantsException {
        this.file = file;
        this.interval = interval;
        this.content = bytes();
        this.tenants = TenantsReader.read(content);
        this.thread = new ServiceThread(
                "penstock-tenants",
                "Changes of " + file + " have no effect: keys that were revoked still work.",
                faults,
                this::turn);
    }

    /** @throws ConfigurationException when the file cannot be read or is invalid */
    public static TenantsFile open(Path file, Duration interval, Consumer<? super Fault> faults) {
        try {
            TenantsFile opened = new TenantsFile(file, interval, faults);
            opened.thread.start();
            LOG.infof("Loaded %d tenants from %s", opened.tenants.size(), file);
            return opened;
        } catch (IOException unreadable) {
            throw new ConfigurationException("penstock.tenants.file cannot be read: " + unreadable);
        } catch (InvalidTenantsException broken) {
            throw new ConfigurationException("penstock.tenants.file, " + file + ": " + broken.getMessage());
        }
    }

    /** The tenants of the last valid file. */
    Tenants tenants() {
        return tenants;
    }

    private void turn() throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(interval.toMillis());
        look();
    }

    /** Whether the file is now unreadable or invalid, so that the last valid one is still in force. */
    boolean isBroken() {
        return !trouble.isEmpty();
    }

    private void look() {
        try {
            byte[] now = bytes();
            if (!Arrays.equals(now, content)) {
                tenants = TenantsReader.read(now);
                content = now;
                LOG.infof("Reloaded %d tenants from %s, which has changed", tenants.size(), file);
            }
            trouble = "";
        } catch (IOException unreadable) {
            warn("cannot be read: " + unreadable);
        } catch (InvalidTenantsException broken) {
            warn(String.valueOf(broken.getMessage()));
        } catch (RuntimeException unforeseen) {
            warn(unforeseen.toString()); // a file that the reader cannot handle is an invalid file
        }
    }

    /** Logs each problem once. */
    private void warn(String problem) {
        if (!problem.equals(trouble)) {
            trouble = problem;
            LOG.warnf("Tenants file %s: %s. The last valid version stays in force", file, problem);
        }
    }

    private byte[] bytes() throws IOException {
        if (Files.size(file) > MOST_BYTES) {
            throw new IOException(file + " must be at most " + MOST_BYTES + " bytes, was " + Files.size(file));
        }
        return Files.readAllBytes(file);
    }

    @Override
    public void close() {
        thread.close();
    }
}
