package dev.penstock.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A TCP proxy that is as far away as another region. Each direction takes a time, and a new connection as long as TCP's handshake would. It
 * can be cut: then nothing gets through, or all connections are reset.
 */
final class DistantLink implements AutoCloseable {
    private static final int CHUNK = 64 << 10;

    private final ServerSocket server;
    private final InetSocketAddress behind;
    private final long oneWayNanos;
    private final boolean resets;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicLong sent = new AtomicLong();
    private volatile boolean isCut;

    /** What was read at once; without bytes, the end. */
    private static final class Chunk {
        private static final Chunk END = new Chunk(new byte[0], 0);

        private final byte[] bytes;
        private final long dueNanos;

        Chunk(byte[] bytes, long dueNanos) {
            this.bytes = bytes;
            this.dueNanos = dueNanos;
        }

        boolean isEnd() {
            return bytes.length == 0;
        }
    }

    /** @param resets whether a cut resets connections; otherwise their bytes arrive after it */
    DistantLink(URI behind, int oneWayMillis, boolean resets) throws IOException {
        this.behind = new InetSocketAddress(behind.getHost(), behind.getPort());
        this.oneWayNanos = TimeUnit.MILLISECONDS.toNanos(oneWayMillis);
        this.resets = resets;
        this.server = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        Thread.ofPlatform().name("distant-link").daemon().start(this::accept);
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + server.getLocalPort());
    }

    void cut() {
        isCut = true;
        if (resets) {
            open.forEach(DistantLink::reset);
        }
    }

    void heal() {
        isCut = false;
    }

    /** Bytes that went towards the server behind. */
    long sentBytes() {
        return sent.get();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket near = server.accept();
                Thread.ofVirtual().start(() -> connect(near));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void connect(Socket near) {
        if (isCut && resets) {
            reset(near);
            return;
        }
        try {
            Socket far = new Socket();
            open.add(near);
            open.add(far);
            far.setTcpNoDelay(true);
            near.setTcpNoDelay(true);
            far.connect(behind);
            pump(near, far, 3 * oneWayNanos, sent); // SYN, SYN and ACK, and then the bytes
            pump(far, near, oneWayNanos, new AtomicLong());
        } catch (IOException away) {
            reset(near);
        }
    }

    private void pump(Socket from, Socket to, long firstNanos, AtomicLong count) {
        BlockingQueue<Chunk> way = new LinkedBlockingQueue<>();
        Thread.ofVirtual().start(() -> {
            long begun = System.nanoTime();
            try (InputStream in = from.getInputStream()) {
                byte[] buffer = new byte[CHUNK];
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                    long due = Math.max(begun + firstNanos, System.nanoTime() + oneWayNanos);
                    way.add(new Chunk(Arrays.copyOf(buffer, read), due));
                }
            } catch (IOException gone) {
                // the other side ends, too
            }
            way.add(Chunk.END);
        });
        Thread.ofVirtual().start(() -> {
            try (OutputStream out = to.getOutputStream()) {
                for (Chunk chunk = way.take(); !chunk.isEnd(); chunk = way.take()) {
                    TimeUnit.NANOSECONDS.sleep(chunk.dueNanos - System.nanoTime());
                    while (isCut) {
                        TimeUnit.MILLISECONDS.sleep(5);
                    }
                    out.write(chunk.bytes);
                    count.addAndGet(chunk.bytes.length);
                }
            } catch (IOException | InterruptedException gone) {
                reset(from);
            }
            open.remove(to);
        });
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException gone) {
            // as it should be
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        open.forEach(DistantLink::reset);
    }
}
