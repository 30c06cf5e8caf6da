package dev.penstock.service;

import inference.GRPCInferenceServiceGrpc;
import inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.ConfigProvider;

/** A gRPC client of the service under test: gRPC's own, with stubs generated from the protocol's file. */
final class Grpc implements AutoCloseable {
    static final Metadata.Key<String> RETRY_AFTER = key("retry-after");

    private static final int LARGEST_MESSAGE = 64 << 20;

    private final ManagedChannel channel;

    private Grpc(URI url) {
        this.channel = NettyChannelBuilder.forAddress(url.getHost(), url.getPort())
                .usePlaintext()
                .maxInboundMessageSize(LARGEST_MESSAGE)
                .build();
    }

    static Grpc underTest() {
        return new Grpc(ConfigProvider.getConfig().getValue("test.url", URI.class));
    }

    ManagedChannel channel() {
        return channel;
    }

    /** @param metadata name, value, name, value … */
    GRPCInferenceServiceBlockingStub stub(String... metadata) {
        return GRPCInferenceServiceGrpc.newBlockingStub(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata(metadata)));
    }

    static Metadata.Key<String> key(String name) {
        return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    }

    private static Metadata metadata(String... pairs) {
        Metadata metadata = new Metadata();
        for (int i = 0; i < pairs.length; i += 2) {
            metadata.put(key(pairs[i]), pairs[i + 1]);
        }
        return metadata;
    }

    @Override
    public void close() {
        channel.shutdownNow();
        try {
            channel.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }
}
