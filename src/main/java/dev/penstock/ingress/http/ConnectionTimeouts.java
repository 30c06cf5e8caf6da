package dev.penstock.ingress.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.penstock.ingress.ResponseMeters;
import dev.penstock.ingress.negotiation.ErrorForm;
import dev.penstock.ingress.web.ContinueFirst;
import dev.penstock.ingress.web.ResponseDate;
import dev.penstock.protocol.Problem;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
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
 * end a connection, although it is not idle. A call that waits for its answer keeps it, although it looks idle.
 *
 * <p>A client that has sent its whole call may end its side of the connection, and still gets its answer. A client that has gone looks the
 * same until the service writes, so an interim response (102, RFC 9110, section 15.2) is written each second: to a client that has gone, it
 * fails and closes the connection. HTTP/1.0 knows no interim responses. HTTP/2 and TLS say themselves that a client has gone.
 *
 * <p>Confined to the connection's event loop.
 */
final class ConnectionTimeouts extends ChannelInboundHandlerAdapter {
    private static final byte[] PROCESSING = "HTTP/1.1 102 Processing\r\n\r\n".getBytes(US_ASCII);
    private static final Duration PROBE_INTERVAL = Duration.ofSeconds(1);

    private final Duration headerTimeout;
    private Optional<Future<?>> deadline = Optional.empty();
    private HttpVersion version = HttpVersion.HTTP_1_1;
    private boolean withinHeaders;
    private boolean withinBody;
    /** The client sends nothing more, and a call of it was open then. */
    private boolean isHalfClosed;

    private boolean hasRead;
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
            withinBody = true; // the end of this first call is yet to pass
        }
        version = call.request().version();
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
            if (isHalfClosed) {
                pipeline.channel().eventLoop().execute(() -> closeIfDone(pipeline));
            }
        });
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
        if (!hasRead) {
            hasRead = true;
            ContinueFirst.await(context.pipeline());
        }
        withinHeaders |= open == 0 && version != HttpVersion.HTTP_2;
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

    /** The codec comes first: the end may complete or break a call. */
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        context.fireUserEventTriggered(event);
        if (event != ChannelInputShutdownEvent.INSTANCE) {
            return;
        }
        boolean isTls = context.pipeline().get(SslHandler.class) != null;
        if (open == 0 || withinBody || version == HttpVersion.HTTP_2 || isTls) {
            context.close();
        } else {
            isHalfClosed = true;
            probe(context);
        }
    }

    private void probe(ChannelHandlerContext context) {
        if (waiting > 0 && version == HttpVersion.HTTP_1_1 && context.channel().isActive()) {
            context.writeAndFlush(Unpooled.wrappedBuffer(PROCESSING));
            context.executor().schedule(() -> probe(context), PROBE_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** A call that was sent right behind the last one has begun by now. */
    private void closeIfDone(ChannelPipeline pipeline) {
        if (open == 0) {
            pipeline.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }
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
        ResponseMeters.answeredWithoutCall(problem.status());
        byte[] body = ErrorForm.V2.write(problem); // its headers did not come, so it asked for no other form
        String head = "HTTP/1.1 408 Request Timeout\r\nDate: " + ResponseDate.now()
                + "\r\nConnection: close\r\nContent-Type: " + ErrorForm.V2.contentType()
                + "\r\nContent-Length: " + body.length + "\r\n\r\n";
        context.writeAndFlush(Unpooled.wrappedBuffer(head.getBytes(US_ASCII), body))
                .addListener(ChannelFutureListener.CLOSE);
    }

    /** Keeps a waiting call from the idle timeout, and sees where calls end. Once its answer has begun, a client that does not read it is idle. */
    private final class WhileWaiting extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object part) {
            withinBody |= part instanceof HttpRequest;
            withinBody &= !(part instanceof LastHttpContent);
            context.fireChannelRead(part);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (!(event instanceof IdleStateEvent && waiting > 0)) {
                context.fireUserEventTriggered(event);
            }
        }
    }
}
