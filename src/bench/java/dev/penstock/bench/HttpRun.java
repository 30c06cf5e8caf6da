package dev.penstock.bench;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/** One run of an {@link HttpLoad}, with all connections on one selector. Confined to the calling thread. */
final class HttpRun implements Closeable {
    private static final long TICK_MILLIS = 50;
    /** A selector waits in whole milliseconds. Between the ticks of an open loop, the run parks instead, for at most this long. */
    private static final long NAP_NANOS = 100_000;

    private final HttpLoad load;
    private final LongSupplier nanoClock;
    private final long patienceNanos;
    private final Selector selector;
    private final InetSocketAddress address;
    private final List<HttpConnection> connections = new ArrayList<>();
    /** Connected, without an outstanding request. */
    private final Queue<HttpConnection> free = new ArrayDeque<>();

    private final Tally tally = new Tally();
    private int inFlight;
    private long progressNanos;
    private long tickNanos;

    HttpRun(HttpLoad load, LongSupplier nanoClock) throws IOException {
        this.load = load;
        this.nanoClock = nanoClock;
        this.patienceNanos = load.patience().toNanos();
        this.address =
                new InetSocketAddress(load.target().getHost(), load.target().getPort());
        this.selector = Selector.open();
    }

    LoadResult run() throws IOException {
        connectAll();
        long now = nanoClock.getAsLong();
        Schedule schedule = new Schedule(load, now);
        progressNanos = now;
        tickNanos = now;
        while (true) {
            startDue(schedule, now);
            if (schedule.isOver(now) && inFlight == 0) {
                return tally.result(schedule.measureFromNanos());
            }
            if (schedule.isOverrun(now, patienceNanos) || now - progressNanos > patienceNanos) {
                giveUp(schedule);
                return tally.result(schedule.measureFromNanos());
            }
            await(schedule, now);
            now = nanoClock.getAsLong();
            tick(now);
        }
    }

    private void connectAll() throws IOException {
        try {
            for (int i = 0; i < load.connections(); i++) {
                connections.add(new HttpConnection(address, selector));
            }
        } catch (IOException e) {
            throw new IOException("cannot connect to " + load.target() + ": " + e.getMessage(), e);
        }
        free.addAll(connections);
    }

    /** Starts the due requests on free connections. The others wait, and their wait counts as latency. */
    private void startDue(Schedule schedule, long now) {
        while (!free.isEmpty() && !schedule.isOver(now)) {
            long due = schedule.nextDueNanos(now);
            if (due - now > 0) {
                return;
            }
            HttpConnection connection = free.remove();
            int index = schedule.take(due);
            inFlight++;
            try {
                connection.send(
                        new HttpConnection.Request(index, schedule.isMeasured(due), due, now),
                        load.requests().apply(index));
            } catch (IOException e) {
                lost(connection);
            }
        }
    }

    private void await(Schedule schedule, long now) throws IOException {
        long waitNanos = TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS);
        if (!free.isEmpty() && !schedule.isOver(now)) {
            waitNanos = Math.min(waitNanos, schedule.nextDueNanos(now) - now);
        }
        long waitMillis = TimeUnit.NANOSECONDS.toMillis(waitNanos);
        if (waitMillis > 0) {
            selector.select(key -> ready(key, schedule), waitMillis);
        } else {
            LockSupport.parkNanos(Math.min(waitNanos, NAP_NANOS));
            selector.selectNow(key -> ready(key, schedule));
        }
    }

    private void ready(SelectionKey key, Schedule schedule) {
        HttpConnection connection = (HttpConnection) key.attachment();
        if (!key.isValid()) {
            return;
        }
        if (key.isConnectable()) {
            connected(connection, key);
            return;
        }
        try {
            if (key.isWritable()) {
                connection.sendRest(key);
            }
            if (key.isReadable() && connection.read()) {
                answered(connection);
                startDue(schedule, nanoClock.getAsLong());
            }
        } catch (IOException e) {
            lost(connection);
        }
    }

    private void connected(HttpConnection connection, SelectionKey key) {
        try {
            connection.finishConnect(key);
            free.add(connection);
        } catch (IOException e) {
            // The server refused, which closes the channel. The next tick tries again.
        }
    }

    private void answered(HttpConnection connection) {
        long now = nanoClock.getAsLong();
        ResponseReader response = connection.response();
        String status = Integer.toString(response.status());
        connection.settle().ifPresent(request -> {
            boolean right = load.check().accepts(request.index(), status, response.body());
            if (request.measured() && response.status() / 100 == 2) {
                tally.success(right, request.dueNanos(), now);
            } else if (request.measured()) {
                tally.otherStatus(status, request.dueNanos(), now);
            }
        });
        inFlight--;
        progressNanos = now;
        if (response.lastOnConnection()) {
            reconnect(connection);
        } else {
            free.add(connection);
        }
    }

    /** The connection broke; its outstanding request, if any, is lost. */
    private void lost(HttpConnection connection) {
        connection.settle().ifPresent(request -> {
            inFlight--;
            if (request.measured()) {
                tally.ioError();
            }
        });
        reconnect(connection);
    }

    private void reconnect(HttpConnection connection) {
        free.remove(connection);
        tally.reconnect();
        try {
            connection.reconnect();
        } catch (IOException e) {
            // The server refused, which closes the channel. The next tick tries again.
        }
    }

    /** Runs periodically: gives up on requests that took too long, and retries failed connections. */
    private void tick(long now) {
        if (now - tickNanos < TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS)) {
            return;
        }
        tickNanos = now;
        for (HttpConnection connection : connections) {
            if (!connection.isOpen()) {
                reconnect(connection);
            } else if (connection
                    .request()
                    .filter(r -> now - r.sentNanos() > patienceNanos)
                    .isPresent()) {
                lost(connection);
            }
        }
    }

    private void giveUp(Schedule schedule) {
        long underWay = connections.stream()
                .flatMap(connection -> connection.request().stream())
                .filter(HttpConnection.Request::measured)
                .count();
        tally.unanswered(underWay + schedule.untaken());
    }

    @Override
    public void close() throws IOException {
        for (HttpConnection connection : connections) {
            connection.close();
        }
        selector.close();
    }
}
