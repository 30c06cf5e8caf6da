package dev.penstock.model.remote;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.penstock.model.config.RemoteSection;
import dev.penstock.protocol.Payload;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.ProxyOptions;
import io.vertx.core.net.ProxyType;
import io.vertx.core.tracing.TracingPolicy;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/**
 * HTTP calls to a centre, over TLS by HTTP/2 if the centre has it. Certificates must have the name that is called. No redirect is followed.
 * An event loop of its own reads the answers. Thread-safe.
 */
final class CentreHttp implements AutoCloseable {
    private static final String HTTPS = "https";

    private final int maxAnswerBytes;
    private final Vertx vertx = Vertx.vertx(new VertxOptions()
            .setEventLoopPoolSize(1)
            .setPreferNativeTransport(true)
            .setFileSystemOptions(
                    new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
    private final HttpClient http;

    /** A call. Its headers have the order in which they were added. */
    record Call(URI url, Map<String, String> headers, Optional<Payload> body) {
        static Call get(URI url) {
            return new Call(url, new LinkedHashMap<>(), Optional.empty());
        }

        static Call post(URI url, Payload body) {
            return new Call(url, new LinkedHashMap<>(), Optional.of(body));
        }

        Call with(String header, String value) {
            headers.put(header, value);
            return this;
        }
    }

    record Answer(int status, OptionalLong retryAfterSeconds, Payload body) {}

    /** The answer breaks a rule, and would again. */
    static final class UnusableAnswerException extends IOException {
        UnusableAnswerException(String message) {
            super(message);
        }
    }

    CentreHttp(RemoteSection section) {
        this.maxAnswerBytes = section.maxAnswerBytes();
        boolean isSecure = HTTPS.equals(section.url().getScheme());
        HttpClientOptions options = new HttpClientOptions()
                .setConnectTimeout((int) section.timeout().toMillis())
                .setTracingPolicy(TracingPolicy.IGNORE) // the batch has its own headers
                .setUseAlpn(isSecure)
                .setProtocolVersion(isSecure ? HttpVersion.HTTP_2 : HttpVersion.HTTP_1_1);
        proxy(section.url()).ifPresent(options::setProxyOptions);
        this.http = vertx.createHttpClient(options, new PoolOptions().setHttp1MaxSize(section.inFlight() + 1));
    }

    /** The proxy that the JVM's properties name for the centre. */
    private static Optional<ProxyOptions> proxy(URI centre) {
        return Optional.ofNullable(ProxySelector.getDefault()).stream()
                .flatMap(selector -> selector.select(centre).stream())
                .filter(proxy -> proxy.type() != Proxy.Type.DIRECT)
                .map(proxy -> {
                    InetSocketAddress address = (InetSocketAddress) proxy.address();
                    return new ProxyOptions()
                            .setType(proxy.type() == Proxy.Type.HTTP ? ProxyType.HTTP : ProxyType.SOCKS5)
                            .setHost(address.getHostString())
                            .setPort(address.getPort());
                })
                .findFirst();
    }

    /**
     * Waits for the answer and its body.
     *
     * @throws IOException when the centre cannot be reached, the connection breaks, or the answer is unusable
     * @throws TimeoutException when the whole answer was not here in time
     */
    Answer send(Call call, Duration timeout) throws IOException, TimeoutException, InterruptedException {
        RequestOptions options = new RequestOptions()
                .setMethod(call.body.isPresent() ? HttpMethod.POST : HttpMethod.GET)
                .setAbsoluteURI(call.url.toString());
        call.headers.forEach(options::putHeader);
        CompletableFuture<HttpClientRequest> opened = new CompletableFuture<>();
        CompletableFuture<Answer> answered = open(options)
                .onSuccess(opened::complete)
                .compose(request -> exchange(request, call.body))
                .toCompletionStage()
                .toCompletableFuture();
        boolean isOver = false;
        try {
            Answer answer = answered.get(timeout.toNanos(), NANOSECONDS);
            isOver = true;
            return answer;
        } catch (ExecutionException failed) {
            throw broken(Objects.requireNonNull(failed.getCause()));
        } finally {
            if (!isOver) {
                opened.thenAccept(HttpClientRequest::reset); // nobody waits for the rest
            }
        }
    }

    private Future<HttpClientRequest> open(RequestOptions options) throws IOException {
        try {
            return http.request(options);
        } catch (IllegalStateException | RejectedExecutionException closed) {
            throw new IOException("this worker calls it no more", closed);
        }
    }

    private static IOException broken(Throwable failure) {
        return switch (failure) {
            case SSLException tls -> new SSLException(root(tls).toString(), tls); // the reason is in the causes alone
            case IOException broken -> broken;
            default -> new IOException(failure); // Vert.x's own, such as a connection that was closed
        };
    }

    private static Throwable root(Throwable failure) {
        Throwable cause = failure.getCause();
        return cause == null ? failure : root(cause);
    }

    /** On the event loop alone, so that no part of the answer comes before there is a handler for it. */
    private Future<Answer> exchange(HttpClientRequest request, Optional<Payload> body) {
        Future<HttpClientResponse> response =
                body.isPresent() ? request.send(Buffer.buffer(bytes(body.get()))) : request.send();
        return response.compose(this::read);
    }

    private Future<Answer> read(HttpClientResponse response) {
        Promise<Answer> answer = Promise.promise();
        Buffer body = Buffer.buffer();
        response.exceptionHandler(answer::tryFail)
                .handler(piece -> {
                    if (body.length() + piece.length() <= maxAnswerBytes) {
                        body.appendBuffer(piece);
                    } else {
                        answer.tryFail(new UnusableAnswerException(
                                "its answer must have at most " + maxAnswerBytes + " bytes"));
                    }
                })
                .endHandler(end -> {
                    try {
                        answer.tryComplete(answer(response, body.getBytes()));
                    } catch (UnusableAnswerException unusable) {
                        answer.tryFail(unusable);
                    }
                });
        return answer.future();
    }

    private static Answer answer(HttpClientResponse response, byte[] body) throws UnusableAnswerException {
        OptionalLong jsonLength = number(response, Payload.JSON_LENGTH_HEADER);
        if (jsonLength.orElse(0) > body.length) {
            throw new UnusableAnswerException(Payload.JSON_LENGTH_HEADER + " must be at most the length of the body");
        }
        return new Answer(
                response.statusCode(),
                number(response, "Retry-After"),
                new Payload(
                        ByteBuffer.wrap(body),
                        jsonLength.isPresent() ? OptionalInt.of((int) jsonLength.getAsLong()) : OptionalInt.empty()));
    }

    /** A header that is a whole number; empty for anything else, such as a date. */
    private static OptionalLong number(HttpClientResponse response, String header) {
        String text = Optional.ofNullable(response.getHeader(header)).orElse("");
        return text.matches("\\d{1,9}") ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
    }

    static byte[] bytes(Payload payload) {
        byte[] bytes = new byte[payload.bytes().remaining()];
        payload.bytes().duplicate().get(bytes);
        return bytes;
    }

    /** Calls that wait for their answer fail. */
    @Override
    public void close() {
        vertx.close();
    }
}
