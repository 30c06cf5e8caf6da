package dev.penstock.service;

import dev.penstock.local.Certificates;
import inference.GRPCInferenceServiceGrpc;
import inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.ConfigProvider;

/** A gRPC client of the service under test: gRPC's own, with stubs generated from the protocol's file. */
final class Grpc implements AutoCloseable {
    static final Metadata.Key<String> RETRY_AFTER = key("retry-after");

    private static final int LARGEST_MESSAGE = 64 << 20;

    private final ManagedChannel channel;

    private Grpc(NettyChannelBuilder channel) {
        this.channel = channel.maxInboundMessageSize(LARGEST_MESSAGE).build();
    }

    static Grpc underTest() {
        return new Grpc(
                to(ConfigProvider.getConfig().getValue("test.url", URI.class)).usePlaintext());
    }

    /** @param store the certificate that the client trusts, and no other */
    static Grpc overTls(URI url, Path store) throws IOException, GeneralSecurityException {
        return new Grpc(to(url).sslContext(GrpcSslContexts.forClient()
                .trustManager(Certificates.certificate(store))
                .build()));
    }

    private static NettyChannelBuilder to(URI url) {
        return NettyChannelBuilder.forAddress(url.getHost(), url.getPort());
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
