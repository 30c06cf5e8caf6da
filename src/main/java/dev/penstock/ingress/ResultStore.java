package dev.penstock.ingress;

import dev.penstock.protocol.Reply;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Outcomes that wait to be polled, in Redis. The first outcome of a request wins; later ones are dropped. Each is forgotten after the
 * result TTL; the durable record is the topic. Thread-safe.
 */
final class ResultStore {
    private final Redis redis;
    private final Duration ttl;

    ResultStore(Redis redis, Duration ttl) {
        this.redis = redis;
        this.ttl = ttl;
    }

    /** Stores all, and wakes whoever waits for one of them. */
    Future<Void> store(List<Reply> replies) {
        List<Request> commands = new ArrayList<>(2 * replies.size());
        String seconds = Long.toString(ttl.toSeconds());
        for (Reply reply : replies) {
            String id = reply.correlationId();
            commands.add(Request.cmd(Command.SET)
                    .arg(key(id))
                    .arg(Buffer.buffer(StoredResult.of(reply).toBytes()))
                    .arg("NX")
                    .arg("EX")
                    .arg(seconds));
            commands.add(Request.cmd(Command.PUBLISH).arg(channel(id)).arg(""));
        }
        return redis.batch(commands).mapEmpty();
    }

    Future<Optional<StoredResult>> find(String id) {
        return redis.send(Request.cmd(Command.GET).arg(key(id)))
                .map(value -> Optional.ofNullable(value).map(Response::toBytes).map(StoredResult::read));
    }

    /** The secret that signs request ids: the one that is shared already, or else {@code candidate}, shared from now on. */
    Future<byte[]> shareKey(byte[] candidate) {
        Request keep = Request.cmd(Command.SET)
                .arg("penstock:request-id-key")
                .arg(Buffer.buffer(candidate))
                .arg("NX");
        return redis.send(keep)
                .compose(kept -> redis.send(Request.cmd(Command.GET).arg("penstock:request-id-key")))
                .map(Response::toBytes);
    }

    static String channel(String id) {
        return "penstock:outcome:" + id;
    }

    private static String key(String id) {
        return "penstock:result:" + id;
    }
}
