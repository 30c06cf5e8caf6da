package dev.penstock.bench;

import inference.GRPCInferenceServiceGrpc;
import inference.GrpcService.ModelInferResponse;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * A closed loop of calls over gRPC. One thread drives it, to leave the machine to the system under test, and requests are written once.
 *
 * @param requests returns the message of request i; i counts from 0, including the warm-up
 * @param callers each has one open call. They share a few connections, as calls over gRPC do
 */
record GrpcLoad(
        URI target, IntFunction<byte[]> requests, int callers, Duration warmUp, Duration lasting, Answers answers) {
    private static final int CONNECTIONS = 8;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final MethodDescriptor<byte[], ModelInferResponse> METHOD =
            GRPCInferenceServiceGrpc.getModelInferMethod().toBuilder(
                            new Bytes(),
                            GRPCInferenceServiceGrpc.getModelInferMethod().getResponseMarshaller())
                    .build();

    /** Checks an answer. */
    interface Answers {
        boolean accepts(int index, ModelInferResponse answer);
    }

    LoadResult run() throws InterruptedException {
        EventLoopGroup thread = new NioEventLoopGroup(1);
        List<ManagedChannel> channels = IntStream.range(0, Math.min(callers, CONNECTIONS))
                .mapToObj(i -> channel(thread))
                .toList();
        try {
            Run run = new Run(System.nanoTime());
            for (int i = 0; i < callers; i++) {
                run.next(channels.get(i % channels.size()));
            }
            Duration most = warmUp.plus(lasting).plus(PATIENCE);
            if (!run.callersLeft.await(most.toMillis(), TimeUnit.MILLISECONDS)) {
                run.tally.unanswered(run.callersLeft.getCount());
            }
            return run.tally.result(run.measuredFromNanos);
        } finally {
            channels.forEach(ManagedChannel::shutdownNow);
            thread.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }

    private ManagedChannel channel(EventLoopGroup thread) {
        return NettyChannelBuilder.forAddress(target.getHost(), target.getPort())
                .usePlaintext()
                .eventLoopGroup(thread)
                .channelType(NioSocketChannel.class)
                .directExecutor()
                .build();
    }

    private final class Run {
        private final Tally tally = new Tally();
        private final AtomicInteger index = new AtomicInteger();
        private final CountDownLatch callersLeft = new CountDownLatch(callers);
        private final long measuredFromNanos;
        private final long endNanos;

        private Run(long startNanos) {
            this.measuredFromNanos = startNanos + warmUp.toNanos();
            this.endNanos = measuredFromNanos + lasting.toNanos();
        }

        private void next(ManagedChannel channel) {
            long startNanos = System.nanoTime();
            if (startNanos - endNanos >= 0) {
                callersLeft.countDown();
                return;
            }
            int i = index.getAndIncrement();
            ClientCalls.asyncUnaryCall(
                    channel.newCall(
                            METHOD, CallOptions.DEFAULT.withDeadlineAfter(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)),
                    requests.apply(i),
                    new Caller(i, startNanos, channel));
        }

        private final class Caller implements StreamObserver<ModelInferResponse> {
            private final int i;
            private final long startNanos;
            private final ManagedChannel channel;
            private boolean isRight;

            private Caller(int i, long startNanos, ManagedChannel channel) {
                this.i = i;
                this.startNanos = startNanos;
                this.channel = channel;
            }

            @Override
            public void onNext(ModelInferResponse answer) {
                isRight = answers.accepts(i, answer);
            }

            @Override
            public void onError(Throwable failure) {
                if (startNanos - measuredFromNanos >= 0) {
                    tally.otherStatus(Status.fromThrowable(failure).getCode().name(), startNanos, System.nanoTime());
                }
                next(channel);
            }

            @Override
            public void onCompleted() {
                if (startNanos - measuredFromNanos >= 0) {
                    tally.success(isRight, startNanos, System.nanoTime());
                }
                next(channel);
            }
        }
    }

    /** A message that is written already. */
    private record Bytes() implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] message) {
            return new ByteArrayInputStream(message);
        }

        @Override
        public byte[] parse(InputStream stream) {
            throw new UnsupportedOperationException("requests are only written");
        }
    }
}
