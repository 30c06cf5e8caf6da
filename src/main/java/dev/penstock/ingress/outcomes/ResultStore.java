package dev.penstock.ingress.outcomes;

import dev.penstock.ingress.call.RequestIdIssuer;
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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Stores outcomes in Redis until they are polled. The first outcome of a request wins; later ones are dropped. An outcome expires when the
 * result TTL has passed since the request's deadline. The durable record is the topic. Thread-safe.
 */
public final class ResultStore {
    private final Redis redis;
    private final GuardedRedis guarded;
    private final RequestIdIssuer ids;
    private final OpenRequests open;
    private final Duration ttl;
    private final LongSupplier epochMillis;

    /**
     * @param guarded the same Redis with a limit on time, for reads while a caller waits
     * @param open the places that requests release with their outcome
     * @param ttl how long after its deadline an outcome is kept
     */
    public ResultStore(
            Redis redis,
            GuardedRedis guarded,
            RequestIdIssuer ids,
            OpenRequests open,
            Duration ttl,
            LongSupplier epochMillis) {
        this.redis = redis;
        this.guarded = guarded;
        this.ids = ids;
        this.open = open;
        this.ttl = ttl;
        this.epochMillis = epochMillis;
    }

    /** Stores outcomes, notifies the long polls for them, and releases their places among their tenants' open requests. */
    public Future<Void> store(List<Reply> replies) {
        Instant now = Instant.ofEpochMilli(epochMillis.getAsLong());
        List<Request> commands = new ArrayList<>(3 * replies.size());
        for (Reply reply : replies) {
            String id = reply.correlationId().toString();
            Optional<RequestId> issued = ids.verify(id);
            commands.add(Request.cmd(Command.SET)
                    .arg(key(id))
                    .arg(Buffer.buffer(new StoredResult(now, reply).toBytes()))
                    .arg("NX")
                    .arg("PX")
                    .arg(millisToKeep(issued)));
            commands.add(Request.cmd(Command.PUBLISH).arg(channel(id)).arg(""));
            issued.filter(RequestIdIssuer::hasPlace).map(open::settled).ifPresent(commands::add);
        }
        return redis.batch(commands).mapEmpty();
    }

    public Future<Optional<StoredResult>> find(String id) {
        return guarded.send(Request.cmd(Command.GET).arg(key(id)))
                .map(value -> Optional.ofNullable(value).map(Response::toBytes).map(StoredResult::read));
    }

    /** Counts from the deadline, not from the outcome: a poll must not miss an outcome that its id says is kept. */
    private String millisToKeep(Optional<RequestId> id) {
        long left =
                id.map(own -> own.deadlineMillis() - epochMillis.getAsLong()).orElse(0L);
        return Long.toString(ttl.toMillis() + Math.max(0, left));
    }

    static String channel(String id) {
        return "penstock:outcome:" + id;
    }

    private static String key(String id) {
        return "penstock:result:" + id;
    }
}
