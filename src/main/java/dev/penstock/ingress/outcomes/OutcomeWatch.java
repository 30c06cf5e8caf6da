package dev.penstock.ingress.outcomes;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.messages.RequestId;
import dev.penstock.threads.TroubleLog;
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
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;

/**
 * Waits for outcomes on behalf of long polls. It subscribes to a request's channel in Redis while any call waits for it, over one
 * connection for all channels. Each wait also looks every second, so a lost connection or an outage of Redis only adds latency. The
 * outcomes of synchronous calls are not in Redis: waits for them only look every second. Thread-safe.
 */
public final class OutcomeWatch {
    private static final long LOOK_MILLIS = 1000;
    private static final Set<String> LOOK_ON = Set.of("message", "subscribe");

    private final Vertx vertx;
    private final Redis redis;
    private final OutcomeFinder finder;
    private final Map<String, List<Runnable>> waiting = new ConcurrentHashMap<>();
    /** The final look of each wait. */
    private final Set<Runnable> ends = ConcurrentHashMap.newKeySet();

    private final TroubleLog trouble =
            new TroubleLog(Logger.getLogger(OutcomeWatch.class), "Notifications of outcomes");
    private volatile boolean released;
    private Optional<RedisConnection> connection = Optional.empty();
    private boolean connecting;

    public OutcomeWatch(Vertx vertx, Redis redis, OutcomeFinder finder) {
        this.vertx = vertx;
        this.redis = redis;
        this.finder = finder;
    }

    /** Completes with the outcome once there is one, or empty after that time; fails when it cannot be looked for then. */
    public CompletableFuture<Optional<StoredResult>> await(RequestId id, Duration atMost) {
        CompletableFuture<Optional<StoredResult>> result = new CompletableFuture<>();
        if (released || !atMost.isPositive()) {
            look(id, result, true);
            return result;
        }
        Runnable look = () -> look(id, result, false);
        if (RequestIdIssuer.isToCaller(id)) {
            look.run();
        } else {
            notify(ResultStore.channel(id.toString()), look, result);
        }
        Runnable last = () -> look(id, result, true);
        ends.add(last);
        AtomicBoolean looking = new AtomicBoolean();
        long again = vertx.setPeriodic(LOOK_MILLIS, timer -> {
            if (looking.compareAndSet(false, true)) { // a look in the log may take longer than the interval
                look(id, result, false).whenComplete((found, failure) -> looking.set(false));
            }
        });
        long end = vertx.setTimer(atMost.toMillis(), timer -> last.run());
        result.whenComplete((found, failure) -> {
            ends.remove(last);
            vertx.cancelTimer(again);
            vertx.cancelTimer(end);
        });
        return result;
    }

    /** Looks whenever something happens in that channel, until there is a result. */
    private void notify(String channel, Runnable look, CompletableFuture<Optional<StoredResult>> result) {
        waiting.compute(channel, (none, all) -> {
            List<Runnable> watchers = all == null ? new CopyOnWriteArrayList<>() : all;
            watchers.add(look);
            return watchers;
        });
        subscribe(channel, look);
        result.whenComplete((found, failure) -> {
            waiting.computeIfPresent(channel, (none, watchers) -> {
                watchers.remove(look);
                return watchers.isEmpty() ? null : watchers;
            });
            if (!waiting.containsKey(channel)) {
                send(Command.UNSUBSCRIBE, channel);
            }
        });
    }

    /** Ends all waits after one more look, and from now on all new ones too. */
    public void release() {
        released = true;
        ends.forEach(Runnable::run);
    }

    public boolean isReleased() {
        return released;
    }

    private CompletableFuture<?> look(RequestId id, CompletableFuture<Optional<StoredResult>> result, boolean last) {
        return result.isDone()
                ? result
                : finder.find(id).whenComplete((found, failure) -> {
                    if (failure == null && (last || found.isPresent())) {
                        result.complete(found);
                    } else if (failure != null && (last || OutcomeLog.isGone(failure))) {
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
                    trouble.failed("Redis cannot notify long polls; they look every second instead", connected.cause());
                    return;
                }
                trouble.succeeded();
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
