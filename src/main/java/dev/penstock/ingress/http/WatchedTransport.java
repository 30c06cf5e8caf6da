package dev.penstock.ingress.http;

import dev.penstock.ingress.IngressConfig;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.smallrye.config.SmallRyeConfig;
import io.vertx.core.impl.VertxBuilder;
import io.vertx.core.spi.VertxServiceProvider;
import io.vertx.core.spi.transport.Transport;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * Gives each connection that the service accepts a {@link ConnectionTimeouts}, before the HTTP codec. Vert.x finds it as a service and
 * offers no other way to see a connection before its first call.
 */
public final class WatchedTransport implements VertxServiceProvider {
    @Override
    public void init(VertxBuilder builder) {
        Transport transport = builder.findTransport();
        builder.findTransport((Transport) Proxy.newProxyInstance(
                Transport.class.getClassLoader(), new Class<?>[] {Transport.class}, (self, method, arguments) -> {
                    try {
                        Object result = method.invoke(transport, arguments);
                        if (method.getName().equals("configure") && arguments[2] instanceof ServerBootstrap server) {
                            server.handler(new Watching(headerTimeout()));
                        }
                        return result;
                    } catch (InvocationTargetException failure) {
                        throw failure.getCause();
                    }
                }));
    }

    /** Reads the configuration itself, since Vert.x makes this class before there are beans. */
    private static Duration headerTimeout() {
        return ConfigProvider.getConfig()
                .unwrap(SmallRyeConfig.class)
                .getConfigMapping(IngressConfig.class)
                .headerTimeout();
    }

    /** A server socket reads new connections, which no event loop runs yet. */
    @ChannelHandler.Sharable
    private static final class Watching extends ChannelInboundHandlerAdapter {
        private final Duration headerTimeout;

        Watching(Duration headerTimeout) {
            this.headerTimeout = headerTimeout;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object connection) {
            Channel accepted = (Channel) connection;
            accepted.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
            accepted.pipeline().addFirst(new ConnectionTimeouts(headerTimeout));
            context.fireChannelRead(connection);
        }
    }
}
