package dev.penstock.ingress.outcomes;

import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.ResponseType;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jboss.logging.Logger;

/**
 * Waits for outcomes on behalf of long polls. It subscribes to a request's channel in Redis while any call waits for it, over one
 * connection for all channels. Each wait also looks every second, so a lost connection or an outage of Redis only adds latency.
 * Thread-safe.
 */
public final class OutcomeWatch {
    private static final Logger LOG = Logger.getLogger(OutcomeWatch.class);
    private static final long LOOK_MILLIS = 1000;
    private static final Set<String> LOOK_ON = Set.of("message", "subscribe");

    private final Vertx vertx;
    private final Redis redis;
    private final ResultStore store;
    private final Map<String, List<Runnable>> waiting = new ConcurrentHashMap<>();
    /** The final look of each wait. */
    private final Set<Runnable> ends = ConcurrentHashMap.newKeySet();

    private volatile boolean released;
    private Optional<RedisConnection> connection = Optional.empty();
    private boolean connecting;

    public OutcomeWatch(Vertx vertx, Redis redis, ResultStore store) {
        this.vertx = vertx;
        this.redis = redis;
        this.store = store;
    }

    /** Completes with the outcome once there is one, or empty after that time; fails when Redis does not answer then. */
    public CompletableFuture<Optional<StoredResult>> await(String id, Duration atMost) {
        CompletableFuture<Optional<StoredResult>> result = new CompletableFuture<>();
        if (released || !atMost.isPositive()) {
            look(id, result, true);
            return result;
        }
        Runnable look = () -> look(id, result, false);
        String channel = ResultStore.channel(id);
        waiting.compute(channel, (none, all) -> {
            List<Runnable> watchers = all == null ? new CopyOnWriteArrayList<>() : all;
            watchers.add(look);
            return watchers;
        });
        subscribe(channel, look);
        Runnable last = () -> look(id, result, true);
        ends.add(last);
        long again = vertx.setPeriodic(LOOK_MILLIS, timer -> look.run());
        long end = vertx.setTimer(atMost.toMillis(), timer -> last.run());
        result.whenComplete((found, failure) -> {
            ends.remove(last);
            vertx.cancelTimer(again);
            vertx.cancelTimer(end);
            waiting.computeIfPresent(channel, (none, watchers) -> {
                watchers.remove(look);
                return watchers.isEmpty() ? null : watchers;
            });
            if (!waiting.containsKey(channel)) {
                send(Command.UNSUBSCRIBE, channel);
            }
        });
        return result;
    }

    /** Ends all waits after one more look, and from now on all new ones too. */
    public void release() {
        released = true;
        ends.forEach(Runnable::run);
    }

    public boolean isReleased() {
        return released;
    }

    private void look(String id, CompletableFuture<Optional<StoredResult>> result, boolean last) {
        if (result.isDone()) {
            return;
        }
        store.find(id)
                .onSuccess(found -> {
                    if (found.isPresent() || last) {
                        result.complete(found);
                    }
                })
                .onFailure(failure -> {
                    if (last) {
                        result.completeExceptionally(failure);
                    }
                });
    }

    /** Redis confirms a subscription on the same connection. The confirmation also makes the waits look: see {@link #received}. */
    private synchronized void subscribe(String channel, Runnable look) {
        if (connection.isPresent()) {
            send(Command.SUBSCRIBE, channel);
        } else {
            look.run();
            connect();
        }
    }

    private synchronized void connect() {
        if (connecting) {
            return;
        }
        connecting = true;
        redis.connect().onComplete(connected -> {
            synchronized (this) {
                connecting = false;
                if (connected.failed()) {
                    LOG.warnf(
                            "Redis cannot notify long polls, since the connection failed (%s); they look every second instead",
                            connected.cause().getMessage());
                    return;
                }
                RedisConnection live = connected.result();
                connection = Optional.of(live);
                live.handler(this::received);
                live.exceptionHandler(failure -> lost(live));
                live.endHandler(end -> lost(live));
                waiting.keySet().forEach(channel -> send(Command.SUBSCRIBE, channel));
            }
        });
    }

    private synchronized void lost(RedisConnection gone) {
        if (connection.equals(Optional.of(gone))) {
            connection = Optional.empty();
        }
    }

    private synchronized void send(Command command, String channel) {
        connection.ifPresent(live -> live.send(Request.cmd(command).arg(channel)));
    }

    /** Looks on each message, and when a subscription is confirmed, since an earlier message may have been missed. */
    private void received(Response message) {
        boolean list = message.type() == ResponseType.MULTI || message.type() == ResponseType.PUSH;
        if (list && message.size() == 3 && LOOK_ON.contains(message.get(0).toString())) {
            List<Runnable> watchers = waiting.get(message.get(1).toString());
            if (watchers != null) {
                watchers.forEach(Runnable::run);
            }
        }
    }
}
