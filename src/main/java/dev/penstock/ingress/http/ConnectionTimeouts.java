package dev.penstock.ingress.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.penstock.protocol.Problem;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.Future;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Closes connections that the server's idle timeout misses, and keeps those that it would close by mistake. Headers that arrive too slowly
 * end a connection, although it is not idle. A call that waits for its answer keeps it, although it looks idle. Confined to the
 * connection's event loop.
 */
final class ConnectionTimeouts extends ChannelInboundHandlerAdapter {
    private final Duration headerTimeout;
    private Optional<Future<?>> deadline = Optional.empty();
    private boolean withinHeaders;
    private boolean isMultiplexed;
    /** Calls that have begun and not ended. Only HTTP/2 has more than one. */
    private int open;
    /** Open calls whose answer has not begun. */
    private int waiting;

    /** @param headerTimeout from a call's first byte to the end of its headers */
    ConnectionTimeouts(Duration headerTimeout) {
        this.headerTimeout = headerTimeout;
    }

    /** Must be called first when a call's headers have arrived. */
    static void begin(RoutingContext call) {
        if (call.request().connection() instanceof ConnectionBase connection) {
            ChannelPipeline pipeline = connection.channel().pipeline();
            ConnectionTimeouts watch = pipeline.get(ConnectionTimeouts.class);
            if (watch != null) {
                watch.begin(call, pipeline);
            }
        }
    }

    private void begin(RoutingContext call, ChannelPipeline pipeline) {
        withinHeaders = false;
        stopClock();
        ChannelHandlerContext idle = pipeline.context(IdleStateHandler.class);
        if (idle != null && pipeline.get(WhileWaiting.class) == null) {
            pipeline.addAfter(idle.name(), null, new WhileWaiting());
        }
        isMultiplexed = call.request().version() == HttpVersion.HTTP_2;
        open++;
        waiting++;
        boolean[] answered = new boolean[1];
        Runnable answer = () -> {
            waiting -= answered[0] ? 0 : 1;
            answered[0] = true;
        };
        call.addHeadersEndHandler(begins -> answer.run());
        call.addEndHandler(ended -> {
            answer.run(); // for calls that were never answered
            open--;
        });
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
        withinHeaders |= open == 0 && !isMultiplexed;
        context.fireChannelRead(bytes);
    }

    /** Headers that arrived in one piece are complete by now and need no timer. */
    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (withinHeaders && deadline.isEmpty()) {
            deadline = Optional.of(context.executor()
                    .schedule(() -> refuse(context), headerTimeout.toMillis(), TimeUnit.MILLISECONDS));
        }
        context.fireChannelReadComplete();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        stopClock();
        context.fireChannelInactive();
    }

    private void stopClock() {
        deadline.ifPresent(clock -> clock.cancel(false));
        deadline = Optional.empty();
    }

    /** There is no call yet that could be answered, so this bypasses the HTTP codec. */
    private void refuse(ChannelHandlerContext context) {
        if (context.pipeline().get(SslHandler.class) != null) {
            context.close();
            return;
        }
        Problem problem = Problem.of(
                Problem.Kind.HEADER_TIMEOUT,
                "the headers must arrive within " + headerTimeout.toMillis() + " ms (penstock.ingress.header-timeout)");
        byte[] body = problem.toJson();
        String head = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: " + Problem.CONTENT_TYPE
                + "\r\nContent-Length: " + body.length + "\r\n\r\n";
        context.writeAndFlush(Unpooled.wrappedBuffer(head.getBytes(US_ASCII), body))
                .addListener(ChannelFutureListener.CLOSE);
    }

    /** Keeps a waiting call from the idle timeout. Once its answer has begun, a client that does not read it is idle. */
    private final class WhileWaiting extends ChannelInboundHandlerAdapter {
        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (!(event instanceof IdleStateEvent && waiting > 0)) {
                context.fireUserEventTriggered(event);
            }
        }
    }
}
