package dev.penstock.model.remote;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.model.InferenceException;
import dev.penstock.model.ModelAwayException;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.config.Checksums;
import dev.penstock.model.config.FilesSection;
import dev.penstock.model.config.RemoteSection;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Fetches the versions of a model that are missing here. A version is a folder over HTTP, named by its number, with the model's files and the
 * file {@code SHA256SUMS}, as {@code sha256sum} writes it. Hashes in model.yaml come before those. A version appears in the model's folder
 * when all its files are there and have their hashes. What was fetched of a file stays, and the next try goes on from there.
 */
public final class VersionFetch {
    private static final Logger LOG = Logger.getLogger(VersionFetch.class);

    private static final String SUMS = "SHA256SUMS";
    private static final String MODEL = "model.onnx";
    private static final int MOST_SUMS_BYTES = 64 << 10;

    /** A line of sha256sum: the hash, a space, a space or an asterisk, the name. */
    private static final Pattern SUM = Pattern.compile("([0-9a-f]{64}) [ *]([A-Za-z0-9_][A-Za-z0-9._-]{0,199})");

    private final RemoteSection remote;
    private final FilesSection source;
    private final Checksums checksums;
    private final Path model;
    private final long limitBytes;
    private final LongSupplier nanoClock;
    private final BooleanSupplier isEnding;

    /**
     * @param remote its paths are those of files
     * @param model the folder of the model
     * @param limitBytes the most bytes of the files of one version
     * @param isEnding whether the process ends: what is being fetched is left for another time
     */
    public VersionFetch(
            RemoteSection remote,
            Checksums checksums,
            Path model,
            long limitBytes,
            LongSupplier nanoClock,
            BooleanSupplier isEnding) {
        this.remote = remote;
        this.source = remote.files().orElseThrow();
        this.checksums = checksums;
        this.model = model;
        this.limitBytes = limitBytes;
        this.nanoClock = nanoClock;
        this.isEnding = isEnding;
    }

    /**
     * Fetches all versions that are missing.
     *
     * @return the versions that cannot be fetched even by another try, each with the reason
     * @throws ModelAwayException when another try may fetch what is still missing
     */
    public SortedMap<Long, String> run() throws ModelAwayException {
        SortedMap<Long, String> refusals = new TreeMap<>();
        SortedSet<Long> missing = new TreeSet<>(wanted());
        missing.removeIf(version -> Files.exists(model.resolve(Long.toString(version))));
        if (missing.isEmpty()) {
            return refusals;
        }
        Path folder = model.resolve(".fetching");
        try (Download download = new Download(source, isEnding)) {
            makeFolder(folder);
            try (FileChannel lock = FileChannel.open(
                    folder.resolve("lock"),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    LinkOption.NOFOLLOW_LINKS)) {
                take(lock);
                for (long version : missing) {
                    try {
                        fetch(version, folder.resolve(Long.toString(version)), download);
                    } catch (ModelRefusedException refused) {
                        refusals.put(version, refused.reason());
                    }
                }
            }
        } catch (IOException failed) {
            throw new ModelAwayException("its files cannot be fetched from " + source.url() + ": " + failed, failed);
        }
        return refusals;
    }

    private SortedSet<Long> wanted() throws ModelAwayException {
        if (!checksums.versions().isEmpty()) {
            return new TreeSet<>(checksums.versions());
        }
        try (CentreClient centre =
                new CentreClient(remote, Optional.empty(), "its versions are not known", nanoClock)) {
            return CentreMetadata.versions(centre.metadata(), remote.model());
        } catch (InferenceException away) {
            throw new ModelAwayException(String.valueOf(away.getMessage()), away);
        } catch (IOException garbage) {
            throw new ModelAwayException("the centre does not answer as it must: " + garbage.getMessage(), garbage);
        }
    }

    private void fetch(long version, Path folder, Download download)
            throws IOException, ModelRefusedException, ModelAwayException {
        Path place = model.resolve(Long.toString(version));
        if (Files.exists(place)) {
            return; // another worker was faster
        }
        long start = nanoClock.getAsLong();
        Map<String, String> hashes = hashes(version, download);
        LOG.infof("Version %d of model %s is being fetched from %s", version, model.getFileName(), source.url());
        makeFolder(folder);
        long left = limitBytes;
        for (Map.Entry<String, String> file : hashes.entrySet()) {
            left -= download.file(version + "/" + file.getKey(), folder.resolve(file.getKey()), file.getValue(), left);
        }
        removeOthers(folder, hashes);
        Files.move(folder, place, StandardCopyOption.ATOMIC_MOVE);
        LOG.infof(
                "Version %d of model %s is here: %d MiB in %d s",
                version,
                model.getFileName(),
                (limitBytes - left) >> 20,
                (nanoClock.getAsLong() - start) / 1_000_000_000);
    }

    private Map<String, String> hashes(long version, Download download)
            throws IOException, ModelRefusedException, ModelAwayException {
        Map<String, String> known = checksums.of(version);
        if (!known.isEmpty()) {
            return new TreeMap<>(known);
        }
        String path = version + "/" + SUMS;
        SortedMap<String, String> hashes = new TreeMap<>();
        for (String line :
                new String(download.bytes(path, MOST_SUMS_BYTES), UTF_8).lines().toList()) {
            Matcher sum = SUM.matcher(line);
            if (!sum.matches()) {
                throw new ModelRefusedException(
                        source.url() + "/" + path
                                + " must have lines such as sha256sum writes, with names that match [A-Za-z0-9_][A-Za-z0-9._-]*");
            }
            if (!sum.group(2).equals(SUMS)) {
                hashes.put(sum.group(2), sum.group(1));
            }
        }
        if (!hashes.containsKey(MODEL)) {
            throw new ModelRefusedException(source.url() + "/" + path + " must have a hash for " + MODEL);
        }
        return hashes;
    }

    /** Held until the channel is closed. */
    private static void take(FileChannel lock) throws IOException, ModelAwayException {
        try {
            if (lock.tryLock() == null) {
                throw new ModelAwayException("another process fetches its files");
            }
        } catch (OverlappingFileLockException ofThisProcess) {
            throw new ModelAwayException("this process fetches its files already", ofThisProcess);
        }
    }

    /** A link in its place could lead to any folder of the host. */
    private static void makeFolder(Path folder) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectory(folder);
        }
    }

    /** Files that an earlier try left behind, when the version had others. */
    private static void removeOthers(Path folder, Map<String, String> hashes) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                if (!hashes.containsKey(String.valueOf(file.getFileName()))) {
                    Files.delete(file);
                }
            }
        }
    }
}
