package dev.penstock.app;

import io.quarkus.proxy.ProxyConfigurationRegistry;
import io.quarkus.redis.runtime.client.VertxRedisClientFactory;
import io.quarkus.redis.runtime.client.config.RedisConfig;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.smallrye.config.SmallRyeConfig;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.redis.client.Redis;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * A worker's way to the Redis of the features: the client "features" of application.properties, with a thread of its own. On the threads of HTTP its answers would wait until all the callers
 * of an ingress in the same process have been served, and then so would requests that wait for their features.
 */
@Singleton
final class WorkerRedis {
    private static final String NAME = "features";

    private final TlsConfigurationRegistry tls;
    private final ProxyConfigurationRegistry proxies;

    WorkerRedis(TlsConfigurationRegistry tls, ProxyConfigurationRegistry proxies) {
        this.tls = tls;
        this.proxies = proxies;
    }

    /** A client, and what to close it with. */
    record Client(Redis redis, Vertx thread) implements AutoCloseable {
        @Override
        public void close() {
            redis.close();
            thread.close();
        }
    }

    Client connect() {
        Vertx thread = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setPreferNativeTransport(true));
        RedisConfig config =
                ConfigProvider.getConfig().unwrap(SmallRyeConfig.class).getConfigMapping(RedisConfig.class);
        Redis redis =
                VertxRedisClientFactory.create(NAME, thread, config.clients().get(NAME), tls, proxies);
        return new Client(redis, thread);
    }
}
