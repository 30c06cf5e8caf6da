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
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Waits for outcomes on behalf of callers. It subscribes to a request's channel in Redis, where the outcome is published, while any call
 * waits for it, over one connection for all channels. For what this ingress itself reads of the topic it needs no subscription. Each wait
 * also looks every second, so a lost connection, a partition that goes to another ingress, or an outage of Redis only adds latency. The
 * outcomes of synchronous calls are not in Redis: waits for them only look every second. Thread-safe.
 */
public final class OutcomeWatch {
    private static final long LOOK_MILLIS = 1000;
    private static final CompletionStage<?> NOTHING = CompletableFuture.completedStage(null);

    private final Vertx vertx;
    private final Redis redis;
    private final OutcomeFinder finder;
    private final OwnPartitions own;
    private final LongSupplier epochMillis;
    /** By channel. */
    private final Map<String, List<Wait>> waiting = new ConcurrentHashMap<>();
    /** By channel: what this ingress has read, and Redis is about to have. */
    private final Map<String, CompletionStage<?>> storing = new ConcurrentHashMap<>();
    /** The final look of each wait. */
    private final Set<Runnable> ends = ConcurrentHashMap.newKeySet();

    private final TroubleLog trouble =
            new TroubleLog(Logger.getLogger(OutcomeWatch.class), "Notifications of outcomes");
    private volatile boolean released;
    private Optional<RedisConnection> connection = Optional.empty();
    private boolean connecting;

    /** A call that waits. */
    private static final class Wait {
        private final RequestId id;
        private final CompletableFuture<Optional<StoredResult>> result = new CompletableFuture<>();
        private final AtomicReference<@Nullable StoredResult> read = new AtomicReference<>();
        private volatile boolean sawNone;

        private Wait(RequestId id) {
            this.id = id;
        }

        /** This ingress has read an outcome, perhaps a second one. */
        private void read(StoredResult outcome) {
            read.compareAndSet(null, outcome);
            completeIfFirst();
        }

        /** There was no outcome after this wait had begun. So what was read since then begins with the first. */
        private void sawNone() {
            sawNone = true;
            completeIfFirst();
        }

        private void completeIfFirst() {
            StoredResult outcome = read.get();
            if (sawNone && outcome != null) {
                result.complete(Optional.of(outcome));
            }
        }
    }

    /** @param own what is read here, and given to {@link #read} */
    public OutcomeWatch(Vertx vertx, Redis redis, OutcomeFinder finder, OwnPartitions own, LongSupplier epochMillis) {
        this.own = own;
        this.vertx = vertx;
        this.redis = redis;
        this.finder = finder;
        this.epochMillis = epochMillis;
    }

    /** Completes with the outcome once there is one, or empty after that time; fails when it cannot be looked for then. */
    public CompletableFuture<Optional<StoredResult>> await(RequestId id, Duration atMost) {
        Wait wait = new Wait(id);
        CompletableFuture<Optional<StoredResult>> result = wait.result;
        if (released || !atMost.isPositive()) {
            look(wait, true);
            return result;
        }
        if (RequestIdIssuer.isToCaller(id)) {
            look(wait, false);
        } else {
            listen(wait);
        }
        Runnable last = () -> look(wait, true);
        ends.add(last);
        AtomicBoolean looking = new AtomicBoolean();
        long again = vertx.setPeriodic(LOOK_MILLIS, timer -> {
            if (looking.compareAndSet(false, true)) { // a look in the log may take longer than the interval
                look(wait, false).whenComplete((found, failure) -> looking.set(false));
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

    /**
     * This ingress has read an outcome of a request itself, and all that came before it, see {@link OwnPartitions}.
     *
     * @param stored completes once Redis has it, or has not taken it
     */
    public void read(RequestId id, StoredResult outcome, CompletionStage<?> stored) {
        String channel = ResultStore.channel(id);
        storing.put(channel, stored);
        stored.whenComplete((done, failure) -> storing.remove(channel, stored));
        waiting.getOrDefault(channel, List.of()).forEach(wait -> wait.read(outcome));
    }

    /** Hears of the outcome, until there is a result. */
    private void listen(Wait wait) {
        String channel = ResultStore.channel(wait.id);
        waiting.compute(channel, (none, all) -> {
            List<Wait> waits = all == null ? new CopyOnWriteArrayList<>() : all;
            waits.add(wait);
            return waits;
        });
        if (own.have(wait.id)) {
            storing.getOrDefault(channel, NOTHING)
                    .handle((done, failure) -> lookFirst(wait))
                    .thenCompose(look -> look)
                    .thenAccept(found -> {
                        if (found.isEmpty()) {
                            wait.sawNone();
                        }
                    });
        } else {
            subscribe(channel, wait);
        }
        wait.result.whenComplete((found, failure) -> {
            waiting.computeIfPresent(channel, (none, waits) -> {
                waits.remove(wait);
                return waits.isEmpty() ? null : waits;
            });
            if (!waiting.containsKey(channel) && !own.have(wait.id)) {
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

    private CompletableFuture<Optional<StoredResult>> look(Wait wait, boolean last) {
        CompletableFuture<Optional<StoredResult>> result = wait.result;
        return result.isDone()
                ? result
                : finder.find(wait.id).whenComplete((found, failure) -> {
                    if (failure == null && (last || found.isPresent())) {
                        result.complete(found);
                    } else if (failure != null && (last || OutcomeLog.isGone(failure))) {
                        result.completeExceptionally(failure);
                    }
                });
    }

    /**
     * Looks once nothing can be missed any more, since the outcome may have come before. Where it would come only now, it is enough to ask
     * Redis: the looks of every second find what Redis does not have.
     */
    private CompletableFuture<Optional<StoredResult>> lookFirst(Wait wait) {
        if (epochMillis.getAsLong() - wait.id.issuedMillis() > LOOK_MILLIS) {
            return look(wait, false);
        }
        return finder.glance(wait.id).thenApply(found -> {
            if (found.isPresent()) {
                wait.result.complete(found);
            }
            return found;
        });
    }

    /** @param published the outcome, or nothing where it is too large for a message */
    private void published(Wait wait, byte[] published) {
        if (published.length == 0) {
            look(wait, false);
        } else {
            wait.result.complete(Optional.of(StoredResult.read(published)));
        }
    }

    /** Redis confirms a subscription on the same connection: see {@link #received}. */
    private synchronized void subscribe(String channel, Wait wait) {
        if (connection.isPresent()) {
            send(Command.SUBSCRIBE, channel);
        } else {
            look(wait, false);
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
                waiting.forEach((channel, waits) -> {
                    if (waits.stream().anyMatch(wait -> !own.have(wait.id))) {
                        send(Command.SUBSCRIBE, channel);
                    }
                });
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

    private void received(Response message) {
        boolean list = message.type() == ResponseType.MULTI || message.type() == ResponseType.PUSH;
        if (!list || message.size() != 3) {
            return;
        }
        List<Wait> waits = waiting.getOrDefault(message.get(1).toString(), List.of());
        switch (message.get(0).toString()) {
            case "subscribe" -> waits.forEach(this::lookFirst);
            case "message" ->
                waits.forEach(wait -> published(wait, message.get(2).toBytes()));
            default -> {} // the end of a subscription
        }
    }
}
