package dev.penstock.ingress.web;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;

/**
 * Serves a first call that wants both a 100 (Continue) and to go on in HTTP/2 without the latter. Vert.x would switch to HTTP/2 without the
 * 100, which its client waits for. A server may ignore {@code Upgrade} (RFC 9110, sections 7.8 and 10.1.1). JDK's HttpClient sends such
 * calls.
 *
 * <p>Vert.x sets the HTTP/1.1 codec up when it has seen the first bytes. This handler gets them right after that, and goes.
 */
public final class ContinueFirst extends ChannelInboundHandlerAdapter {
    /** Vert.x's handler that switches to HTTP/2. It goes after the first call. */
    private static final String SWITCH = "h2c";

    private static final String SETTINGS = "HTTP2-Settings";

    private ContinueFirst() {}

    /** Must be called before the connection's first bytes are passed on. */
    public static void await(ChannelPipeline pipeline) {
        pipeline.addLast(new ContinueFirst());
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
        ChannelPipeline pipeline = context.pipeline();
        if (pipeline.get(SWITCH) != null) {
            pipeline.addBefore(SWITCH, null, new FirstCall());
        }
        pipeline.remove(this);
        context.fireChannelRead(bytes);
    }

    private static final class FirstCall extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object part) {
            if (part instanceof HttpRequest call && call.headers().contains(HttpHeaderNames.EXPECT)) {
                HttpHeaders headers = call.headers();
                headers.remove(HttpHeaderNames.UPGRADE);
                headers.remove(SETTINGS);
            }
            context.pipeline().remove(this);
            context.fireChannelRead(part);
        }
    }
}
