package dev.penstock.model.remote;

import dev.penstock.model.InferenceException;
import dev.penstock.model.ModelAwayException;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.config.RemoteSection;
import dev.penstock.protocol.Signature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Opens sessions of models that a centre runs. What the centre said of a model is kept on disk, so that an edge starts while its centre is
 * away.
 */
public final class RemoteModels {
    private RemoteModels() {}

    /**
     * A session.
     *
     * @param note for the operator: what is not as it should be
     */
    public record Opened(RemoteSession session, Optional<String> note) {}

    private record Known(Signature signature, Optional<String> note) {}

    /**
     * Asks the centre for the model, and waits for the answer for {@code remote.timeout} at most.
     *
     * @param folder the model's own, where the centre's description is kept
     * @throws ModelRefusedException when the centre has such a model, and it cannot be served
     * @throws ModelAwayException when the centre does not answer, and what it said before is not known either
     */
    public static Opened open(
            String name, ModelConfig config, RemoteSection section, Path folder, LongSupplier nanoClock)
            throws ModelRefusedException, ModelAwayException {
        String consequence = section.fallback()
                .map(other -> "model " + other + " answers in its place")
                .orElse("synchronous calls fail, and other requests wait");
        CentreClient centre = new CentreClient(section.in(folder), Optional.empty(), consequence, nanoClock);
        boolean isOpen = false;
        try {
            Path kept = folder.resolve("." + name + ".centre.json");
            Known known = known(centre, config, section, kept);
            RemoteSession session = new RemoteSession(
                    centre, known.signature, section.model(), section.inFlight(), section.maxAnswerBytes());
            isOpen = true;
            return new Opened(session, known.note);
        } finally {
            if (!isOpen) {
                centre.close();
            }
        }
    }

    /**
     * A session that runs a model elsewhere that has files here. The centre is not asked for the model: what it answers must be as the local
     * file declares it.
     *
     * @param version the same here and at the centre
     */
    public static RemoteSession overflow(
            Signature local, String version, RemoteSection section, Path folder, LongSupplier nanoClock) {
        CentreClient centre = new CentreClient(
                section.in(folder), Optional.of(version), "the local sessions run all requests", nanoClock);
        return new RemoteSession(centre, local, section.model(), section.inFlight(), section.maxAnswerBytes());
    }

    private static Known known(CentreClient centre, ModelConfig config, RemoteSection section, Path kept)
            throws ModelRefusedException, ModelAwayException {
        try {
            byte[] metadata = centre.metadata();
            Signature signature = CentreMetadata.signature(metadata, section.model(), config.batching());
            return new Known(signature, keep(metadata, kept));
        } catch (InferenceException away) {
            return earlier(config, section, kept, new ModelAwayException(String.valueOf(away.getMessage()), away));
        } catch (IOException garbage) {
            return earlier(
                    config,
                    section,
                    kept,
                    new ModelAwayException("the centre does not answer as it must: " + garbage.getMessage(), garbage));
        }
    }

    private static Known earlier(ModelConfig config, RemoteSection section, Path kept, ModelAwayException away)
            throws ModelRefusedException, ModelAwayException {
        try {
            Signature signature =
                    CentreMetadata.signature(Files.readAllBytes(kept), section.model(), config.batching());
            return new Known(signature, Optional.of(away.getMessage() + "; what it said of the model before is used"));
        } catch (IOException unknown) {
            away.addSuppressed(unknown);
            throw away;
        }
    }

    /** @return what to tell the operator if it cannot be kept */
    private static Optional<String> keep(byte[] metadata, Path kept) {
        try {
            if (!Files.exists(kept) || !Arrays.equals(Files.readAllBytes(kept), metadata)) {
                Path fresh = kept.resolveSibling(kept.getFileName() + ".new");
                Files.deleteIfExists(fresh); // it could be a link to any file of the host
                Files.write(fresh, metadata, StandardOpenOption.CREATE_NEW);
                Files.move(fresh, kept, StandardCopyOption.ATOMIC_MOVE);
            }
            return Optional.empty();
        } catch (IOException readOnly) {
            return Optional.of("what the centre says of the model cannot be kept (" + readOnly
                    + "), so that it cannot be served after a restart while the centre is away");
        }
    }
}
