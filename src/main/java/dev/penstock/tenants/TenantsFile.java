package dev.penstock.tenants;

import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * The tenants of a file. A thread reads it every few seconds: neither file events nor modification times show changes behind links, as
 * Kubernetes makes them. A new file that is broken changes nothing. Thread-safe.
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
            throws IOException, BrokenTenantsException {
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

    /** @throws IllegalStateException when there is no such file, or it breaks a rule */
    public static TenantsFile open(Path file, Duration interval, Consumer<? super Fault> faults) {
        try {
            TenantsFile opened = new TenantsFile(file, interval, faults);
            opened.thread.start();
            LOG.infof("Read %d tenants from %s", opened.tenants.size(), file);
            return opened;
        } catch (IOException unreadable) {
            throw new IllegalStateException("penstock.tenants.file cannot be read: " + unreadable, unreadable);
        } catch (BrokenTenantsException broken) {
            throw new IllegalStateException("penstock.tenants.file, " + file + ": " + broken.getMessage(), broken);
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

    /** Whether the file is unreadable or invalid, so that an earlier version of it is in force. */
    boolean isBroken() {
        return !trouble.isEmpty();
    }

    private void look() {
        try {
            byte[] now = bytes();
            if (!Arrays.equals(now, content)) {
                tenants = TenantsReader.read(now);
                content = now;
                LOG.infof("Read %d tenants from %s, which has changed", tenants.size(), file);
            }
            trouble = "";
        } catch (IOException unreadable) {
            warn("cannot be read: " + unreadable);
        } catch (BrokenTenantsException broken) {
            warn(String.valueOf(broken.getMessage()));
        } catch (RuntimeException unforeseen) {
            warn(unforeseen.toString()); // a file that the reader cannot handle is a broken file
        }
    }

    /** Logs each reason once. */
    private void warn(String reason) {
        if (!reason.equals(trouble)) {
            trouble = reason;
            LOG.warnf("%s: %s. The last valid version stays in force", file, reason);
        }
    }

    private byte[] bytes() throws IOException {
        if (Files.size(file) > MOST_BYTES) {
            throw new IOException(file + " has more than " + MOST_BYTES + " bytes");
        }
        return Files.readAllBytes(file);
    }

    @Override
    public void close() {
        thread.close();
    }
}
