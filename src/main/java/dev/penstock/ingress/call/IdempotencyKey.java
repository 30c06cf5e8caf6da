package dev.penstock.ingress.call;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Sha256;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * The key and the request of a call that may be repeated. Two calls are the same request if both are equal.
 *
 * @param name the name of the claim in Redis: the tenant, and a hash of the key, which may be a secret
 * @param request a hash of the model, the content type and the body
 */
public record IdempotencyKey(String name, String request) {
    public static final String HEADER = "Idempotency-Key";

    private static final int MOST = 255;

    /** Reads the key from the values of all {@code Idempotency-Key} headers, of which one is allowed. */
    public static Optional<String> read(List<String> headers) throws InvalidRequestException {
        if (headers.isEmpty()) {
            return Optional.empty();
        }
        String key = headers.getFirst();
        if (headers.size() > 1
                || key.isEmpty()
                || key.length() > MOST
                || !key.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw new InvalidRequestException(
                    HEADER, "must be given once, and be 1.." + MOST + " visible ASCII characters");
        }
        return Optional.of(key);
    }

    /** @param contentType empty when the call has none */
    public static IdempotencyKey of(String key, Call call, String contentType) {
        MessageDigest request = Sha256.newDigest();
        for (String part : List.of(
                call.model(),
                call.version().orElse(""),
                contentType,
                call.payload().jsonLength().toString())) {
            request.update(part.getBytes(UTF_8));
            request.update((byte) 0);
        }
        request.update(call.payload().bytes().duplicate());
        return new IdempotencyKey(
                Integer.toHexString(call.tenant().tag()) + ":" + text(Sha256.hash(key.getBytes(UTF_8))),
                text(request.digest()));
    }

    private static String text(byte[] hash) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
    }
}
