package dev.penstock.ingress.http;

import io.vertx.core.net.impl.URIDecoder;
import java.util.Optional;

/**
 * The address of an inference call.
 *
 * @param version empty where the address leaves the choice to the service
 */
record InferAddress(String model, Optional<String> version) {
    private static final String MODELS = "/v2/models/";
    private static final String VERSIONS = "/versions/";
    private static final String INFER = "/infer";

    /**
     * Reads the path of a call, which may end in a slash; empty if it is another's.
     *
     * @param path normalized, as the router has it
     */
    static Optional<InferAddress> of(String path) {
        int end = path.length() - INFER.length() - (path.endsWith("/") ? 1 : 0);
        if (end <= MODELS.length() || !path.startsWith(MODELS) || !path.startsWith(INFER, end)) {
            return Optional.empty();
        }
        int model = path.indexOf('/', MODELS.length());
        if (model == end) {
            return Optional.of(new InferAddress(decoded(path, MODELS.length(), end), Optional.empty()));
        }
        int version = model + VERSIONS.length();
        boolean isOfVersion = model > MODELS.length()
                && path.startsWith(VERSIONS, model)
                && version < end
                && path.indexOf('/', version) == end;
        return isOfVersion
                ? Optional.of(new InferAddress(
                        decoded(path, MODELS.length(), model), Optional.of(decoded(path, version, end))))
                : Optional.empty();
    }

    private static String decoded(String path, int from, int to) {
        String part = path.substring(from, to);
        if (part.indexOf('%') < 0) {
            return part;
        }
        try {
            return URIDecoder.decodeURIComponent(part, false);
        } catch (IllegalArgumentException broken) {
            return part; // no model has such a name
        }
    }
}
