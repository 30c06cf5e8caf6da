package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntFunction;

/**
 * A server on a free loopback port that answers request n as a script says. It recognizes requests by their length, which must be the same
 * for all, so that it spends almost no time on HTTP. Runs on its own thread.
 */
final class ScriptedServer implements Closeable {
    /** The server's reaction to a request. */
    sealed interface Act {}

    record Answer(String response) implements Act {}

    record HangUp() implements Act {}

    record Ignore() implements Act {}

    private final ServerSocketChannel listener;
    private final Selector selector;
    private final int requestLength;
    private final IntFunction<Act> script;
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private int requests;

    ScriptedServer(int requestLength, IntFunction<Act> script) throws IOException {
        this.requestLength = requestLength;
        this.script = script;
        selector = Selector.open();
        listener = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
        listener.configureBlocking(false).register(selector, SelectionKey.OP_ACCEPT);
        thread.execute(this::serve);
    }

    static Act ok(String body) {
        return new Answer("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + listener.socket().getLocalPort());
    }

    private void serve() {
        try {
            while (!thread.isShutdown()) {
                selector.select(this::ready);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void ready(SelectionKey key) {
        try {
            if (key.isAcceptable()) {
                SocketChannel accepted = listener.accept();
                accepted.configureBlocking(false)
                        .register(selector, SelectionKey.OP_READ, ByteBuffer.allocate(requestLength));
            } else {
                answer((SocketChannel) key.channel(), (ByteBuffer) key.attachment());
            }
        } catch (IOException e) {
            key.cancel();
        }
    }

    private void answer(SocketChannel channel, ByteBuffer request) throws IOException {
        if (channel.read(request) < 0) {
            channel.close();
        } else if (!request.hasRemaining()) {
            request.clear();
            switch (script.apply(requests++)) {
                case Answer answer ->
                    channel.write(ByteBuffer.wrap(answer.response().getBytes(ISO_8859_1)));
                case HangUp hangUp -> channel.close();
                case Ignore ignore -> {}
            }
        }
    }

    @Override
    public void close() throws IOException {
        thread.shutdown();
        selector.wakeup();
        thread.close();
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }
}
