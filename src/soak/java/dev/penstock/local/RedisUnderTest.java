package dev.penstock.local;

import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A real Redis, with a client and the faults that it can have. */
public final class RedisUnderTest implements AutoCloseable {
    private final Vertx vertx = Vertx.vertx();
    private EmbeddedRedis server = EmbeddedRedis.start();
    private final Redis client = Redis.createClient(
            vertx,
            new RedisOptions()
                    .setConnectionString(server.url())
                    .setMaxPoolSize(8)
                    .setMaxPoolWaiting(1000));

    /** Connects in advance. On a busy machine, the first connection can take longer than the timeouts under test. */
    public RedisUnderTest() {
        send(Request.cmd(Command.PING));
    }

    public Redis client() {
        return client;
    }

    public String url() {
        return server.url();
    }

    public Response send(Request request) {
        return client.send(request)
                .toCompletionStage()
                .toCompletableFuture()
                .orTimeout(5, TimeUnit.SECONDS)
                .join();
    }

    public void flush() {
        send(Request.cmd(Command.FLUSHALL));
    }

    /** Fills the memory: Redis answers reads and refuses writes. */
    public void fill() {
        send(Request.cmd(Command.CONFIG).arg("SET").arg("maxmemory").arg("1"));
    }

    public void makeRoom() {
        send(Request.cmd(Command.CONFIG).arg("SET").arg("maxmemory").arg("0"));
    }

    /** Sends SIGSTOP: Redis accepts connections but does not answer. */
    public void freeze() {
        RedisSignals.freeze(server);
    }

    public void goOn() {
        RedisSignals.goOn(server);
    }

    public void stop() {
        server.close();
    }

    /** Sends SIGKILL, and waits for the end. */
    public void kill() {
        ProcessHandle process = process();
        process.destroyForcibly();
        process.onExit().orTimeout(5, TimeUnit.SECONDS).join();
        server.close();
    }

    /** The process of Redis itself. */
    public ProcessHandle process() {
        return RedisSignals.process(server);
    }

    /** Starts again on the same port, empty. */
    public void startAgain() {
        server = EmbeddedRedis.start(server.port(), Optional.empty());
    }

    @Override
    public void close() {
        client.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
        server.close();
    }
}
