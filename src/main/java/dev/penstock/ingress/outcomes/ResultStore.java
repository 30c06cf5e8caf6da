package dev.penstock.ingress.outcomes;

import dev.penstock.ingress.call.Ids;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.redis.GuardedRedis;
import dev.penstock.tenants.quota.OpenRequests;
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
 * Outcomes that wait to be polled, in Redis. The first outcome of a request wins; later ones are dropped. Each is forgotten when the
 * result TTL has passed since the request's deadline; the durable record is the topic. Thread-safe.
 */
public final class ResultStore {
    private final Redis redis;
    private final GuardedRedis guarded;
    private final Ids ids;
    private final OpenRequests open;
    private final Duration ttl;

    /**
     * @param guarded the same Redis, for whoever has a caller waiting
     * @param open where requests have places that are free with their outcome
     */
    public ResultStore(Redis redis, GuardedRedis guarded, Ids ids, OpenRequests open, Duration ttl) {
        this.redis = redis;
        this.guarded = guarded;
        this.ids = ids;
        this.open = open;
        this.ttl = ttl;
    }

    /** Stores all, wakes whoever waits for one of them, and frees their places among their tenants' open requests. */
    public Future<Void> store(List<Reply> replies) {
        List<Request> commands = new ArrayList<>(3 * replies.size());
        for (Reply reply : replies) {
            String id = reply.correlationId();
            Optional<RequestId> issued = ids.verify(id);
            commands.add(Request.cmd(Command.SET)
                    .arg(key(id))
                    .arg(Buffer.buffer(StoredResult.of(reply).toBytes()))
                    .arg("NX")
                    .arg("PX")
                    .arg(millisToKeep(issued)));
            commands.add(Request.cmd(Command.PUBLISH).arg(channel(id)).arg(""));
            issued.filter(Ids::hasPlace).map(open::settled).ifPresent(commands::add);
        }
        return redis.batch(commands).mapEmpty();
    }

    public Future<Optional<StoredResult>> find(String id) {
        return guarded.send(Request.cmd(Command.GET).arg(key(id)))
                .map(value -> Optional.ofNullable(value).map(Response::toBytes).map(StoredResult::read));
    }

    /** The secret that signs request ids: the one that is shared already, or else {@code candidate}, shared from now on. */
    public static Future<byte[]> shareKey(Redis redis, byte[] candidate) {
        Request keep = Request.cmd(Command.SET)
                .arg("penstock:request-id-key")
                .arg(Buffer.buffer(candidate))
                .arg("NX");
        return redis.send(keep)
                .compose(kept -> redis.send(Request.cmd(Command.GET).arg("penstock:request-id-key")))
                .map(Response::toBytes);
    }

    /** From the deadline on, whenever the outcome came: a poll must not find it gone before the id says so. */
    private String millisToKeep(Optional<RequestId> id) {
        long left =
                id.map(own -> own.deadlineMillis() - System.currentTimeMillis()).orElse(0L);
        return Long.toString(ttl.toMillis() + Math.max(0, left));
    }

    static String channel(String id) {
        return "penstock:outcome:" + id;
    }

    private static String key(String id) {
        return "penstock:result:" + id;
    }
}
