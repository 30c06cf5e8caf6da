package dev.penstock.tenants;

import io.quarkus.runtime.configuration.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * The tenants of a file. Looks at its content every few seconds, on a thread of its own, since neither events nor times tell of changes
 * behind links such as Kubernetes makes. A new file that is broken changes nothing. Thread-safe.
 */
public final class TenantsFile implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(TenantsFile.class);
    private static final long MOST_BYTES = 4 << 20;

    private final Path file;
    private final Duration interval;
    private final Thread thread;
    /** Of the last file that was whole. */
    private byte[] content;

    private volatile String trouble = "";
    private volatile Tenants tenants;

    private TenantsFile(Path file, Duration interval) throws IOException, BrokenTenantsException {
        this.file = file;
        this.interval = interval;
        this.content = bytes();
        this.tenants = TenantsReader.read(content);
        this.thread = Thread.ofPlatform().name("penstock-tenants").daemon().unstarted(this::run);
    }

    /** @throws ConfigurationException when there is no such file, or it breaks a rule */
    public static TenantsFile open(Path file, Duration interval) {
        try {
            TenantsFile opened = new TenantsFile(file, interval);
            opened.thread.start();
            LOG.infof("%d tenants, of %s", opened.tenants.size(), file);
            return opened;
        } catch (IOException unreadable) {
            throw new ConfigurationException("penstock.tenants.file cannot be read: " + unreadable);
        } catch (BrokenTenantsException broken) {
            throw new ConfigurationException("penstock.tenants.file, " + file + ": " + broken.getMessage());
        }
    }

    /** As of the last file that was whole. */
    Tenants tenants() {
        return tenants;
    }

    private void run() {
        try {
            while (true) {
                TimeUnit.MILLISECONDS.sleep(interval.toMillis());
                look();
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether the file is not what is in force. */
    boolean isBroken() {
        return !trouble.isEmpty();
    }

    private void look() {
        try {
            byte[] now = bytes();
            if (!Arrays.equals(now, content)) {
                tenants = TenantsReader.read(now);
                content = now;
                LOG.infof("%d tenants, of %s, which has changed", tenants.size(), file);
            }
            trouble = "";
        } catch (IOException unreadable) {
            tell("cannot be read: " + unreadable);
        } catch (BrokenTenantsException broken) {
            tell(String.valueOf(broken.getMessage()));
        } catch (RuntimeException unforeseen) {
            tell(unforeseen.toString()); // if the thread ended, keys that were taken back would work for ever
        }
    }

    /** Once. */
    private void tell(String what) {
        if (!what.equals(trouble)) {
            trouble = what;
            LOG.warnf("%s: %s. What it said before goes on", file, what);
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
        thread.interrupt();
    }
}
