package dev.penstock.ingress;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The secret that signs request ids, the same at all ingresses. */
final class RequestIdKey {
    private static final String REDIS_KEY = "penstock:request-id-key";
    private static final int BYTES = 32;
    private static final int REDIS_TIMEOUT_SECONDS = 10;

    private RequestIdKey() {}

    /**
     * The configured secret, or the one that ingresses share through Redis. The first ingress makes that one. Blocks.
     *
     * @throws ExecutionException when no secret is configured and Redis fails
     */
    static byte[] of(Optional<String> configured, Redis redis)
            throws ExecutionException, InterruptedException, TimeoutException {
        if (configured.isPresent()) {
            return configured.get().getBytes(UTF_8);
        }
        byte[] candidate = new byte[BYTES];
        new SecureRandom().nextBytes(candidate);
        return redis.send(Request.cmd(Command.SET)
                        .arg(REDIS_KEY)
                        .arg(Buffer.buffer(candidate))
                        .arg("NX"))
                .compose(kept -> redis.send(Request.cmd(Command.GET).arg(REDIS_KEY)))
                .map(Response::toBytes)
                .toCompletionStage()
                .toCompletableFuture()
                .get(REDIS_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }
}
