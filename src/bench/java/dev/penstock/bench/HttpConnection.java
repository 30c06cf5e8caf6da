package dev.penstock.bench;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/** A keep-alive connection with at most one outstanding request. Reconnects after a close. Confined to one thread. */
final class HttpConnection implements Closeable {

    /** @param dueNanos the intended start, from which latency is measured */
    record Request(int index, boolean measured, long dueNanos, long sentNanos) {}

    private final InetSocketAddress address;
    private final Selector selector;
    private final ResponseReader reader = new ResponseReader();
    private SocketChannel channel;
    private ByteBuffer unsent = ByteBuffer.allocate(0);
    private Optional<Request> request = Optional.empty();

    /** Connects and waits for the connection. */
    HttpConnection(InetSocketAddress address, Selector selector) throws IOException {
        this.address = address;
        this.selector = selector;
        this.channel = SocketChannel.open(address);
        register(SelectionKey.OP_READ);
    }

    /** Starts to reconnect. The selector reports when {@link #finishConnect} can be called. */
    void reconnect() throws IOException {
        channel.close();
        channel = SocketChannel.open();
        register(SelectionKey.OP_CONNECT);
        channel.connect(address);
    }

    private void register(int interest) throws IOException {
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.register(selector, interest, this);
    }

    void finishConnect(SelectionKey key) throws IOException {
        channel.finishConnect();
        key.interestOps(SelectionKey.OP_READ);
    }

    void send(Request next, byte[] bytes) throws IOException {
        request = Optional.of(next);
        reader.reset();
        unsent = ByteBuffer.wrap(bytes);
        channel.write(unsent);
        if (unsent.hasRemaining()) {
            channel.keyFor(selector).interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        }
    }

    void sendRest(SelectionKey key) throws IOException {
        channel.write(unsent);
        if (!unsent.hasRemaining()) {
            key.interestOps(SelectionKey.OP_READ);
        }
    }

    /** Reads the available bytes; true when the response to the outstanding request is complete. */
    boolean read() throws IOException {
        if (request.isEmpty()) {
            throw new EOFException("server closed the connection, or sent bytes, without an outstanding request");
        }
        return reader.read(channel);
    }

    ResponseReader response() {
        return reader;
    }

    Optional<Request> request() {
        return request;
    }

    /** Removes and returns the outstanding request. */
    Optional<Request> settle() {
        Optional<Request> settled = request;
        request = Optional.empty();
        return settled;
    }

    boolean isOpen() {
        return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
