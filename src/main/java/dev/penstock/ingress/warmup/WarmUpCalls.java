package dev.penstock.ingress.warmup;

import dev.penstock.ingress.call.Catalogue;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.TopicFollower;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.messages.Announcement;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.messages.WarmUpBodies;
import dev.penstock.messages.WarmUpModels;
import dev.penstock.process.WarmUpPlan;
import dev.penstock.protocol.Payload;
import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import dev.penstock.threads.Time;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.jboss.logging.Logger;

/**
 * Warms up an ingress by calls to itself: over HTTP, through its filters, its checks, its gate and Kafka, and back. {@link WarmUpAnswers}
 * stands for the worker. It makes a few calls at a time, so that the compiler gets the cores. Trouble ends the warm-up, and nothing else.
 * Runs on a thread of its own.
 */
public final class WarmUpCalls implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(WarmUpCalls.class);

    private static final int AT_ONCE = 4;

    /** So many calls in a row that fail mean that no call will succeed. */
    private static final int MOST_FAILURES = 20;

    /** Of so many calls one is asynchronous. Their outcomes are kept, in Kafka and in Redis, like those of others. */
    private static final int ASYNCHRONOUS = 20;

    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(10);
    private static final int OK = 200;
    private static final int ACCEPTED = 202;
    private static final String INFER = "/v2/models/" + WarmUpModels.OF_INGRESS + "/infer";

    /** Says that the call is not traced. */
    private static final String UNTRACED = "00-0000000000000000000000000000bead-00000000000000ad-00";

    private final WarmUpPlan plan;
    private final WarmUpPass pass;
    private final CompletableFuture<URI> self;
    private final KafkaClients kafka;
    private final TopicLayout layout;
    private final Catalogue catalogue;
    private final WarmUpAnswers answers;
    private final Preparation publisher;
    private final Vertx vertx;
    private final Announcement model = announcement();
    private final CountDownLatch done = new CountDownLatch(1);
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final AtomicInteger made = new AtomicInteger();
    private final AtomicInteger answered = new AtomicInteger();
    private final AtomicInteger failedInARow = new AtomicInteger();
    private final ServiceThread thread;
    private volatile boolean isOver;
    private volatile boolean isLeft;

    /** Fetches the metadata of a topic for the producer that calls go through. */
    @FunctionalInterface
    public interface Preparation {
        void prepare(String topic) throws InterruptedException;
    }

    /**
     * Starts the thread.
     *
     * @param self where this process takes calls, once it is known
     */
    public WarmUpCalls(
            WarmUpPlan plan,
            WarmUpPass pass,
            CompletableFuture<URI> self,
            KafkaClients kafka,
            TopicLayout layout,
            Catalogue catalogue,
            WarmUpAnswers answers,
            Preparation publisher,
            Vertx vertx) {
        this.plan = plan;
        this.pass = pass;
        this.self = self;
        this.kafka = kafka;
        this.layout = layout;
        this.catalogue = catalogue;
        this.answers = answers;
        this.publisher = publisher;
        this.vertx = vertx;
        this.thread = new ServiceThread(
                        "penstock-ingress-warm-up",
                        "The ingress does not warm up.",
                        this::failed,
                        new ServiceThread.Duty() {
                            @Override
                            public void turn() throws InterruptedException {
                                warmUpOrGiveUp();
                            }

                            @Override
                            public void release() {
                                end();
                            }
                        })
                .start();
    }

    private static Announcement announcement() {
        return new Announcement(
                WarmUpModels.OF_INGRESS,
                WarmUpModels.VERSION,
                WarmUpModels.OF_INGRESS,
                WarmUpModels.SIGNATURE,
                1024,
                1 << 20,
                CALL_TIMEOUT.toMillis(),
                Announcement.DEFAULT_COMMIT_INTERVAL_MS,
                "none",
                true,
                Optional.empty());
    }

    /** Whether it has ended, for whatever reason. */
    public boolean isDone() {
        return done.getCount() == 0;
    }

    /** Calls that succeeded so far. */
    public int answered() {
        return answered.get();
    }

    private void warmUpOrGiveUp() throws InterruptedException {
        try {
            warmUp();
        } catch (ExecutionException | TimeoutException | KafkaException failure) {
            LOG.warnf(
                    "The ingress does not warm up, and answers its first calls more slowly: %s", failure.getMessage());
        }
        thread.requestStop();
    }

    private void warmUp() throws ExecutionException, InterruptedException, TimeoutException {
        long start = Time.OF_MACHINE.nanos();
        URI address = self.get(OPEN_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        layout.create(kept(kafka.admin()), layout.ofIngressWarmUp());
        publisher.prepare(Topics.requests(WarmUpModels.OF_INGRESS).getFirst());
        Producer<byte[], byte[]> producer = kept(kafka.producer(Map.of(ProducerConfig.LINGER_MS_CONFIG, 0)));
        TopicFollower follower = kept(new TopicFollower(
                "penstock-ingress-warm-up-answers",
                "The ingress does not warm up.",
                this::failed,
                kafka.follower(Map.of(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest")),
                answers.by(producer)));
        if (!follower.awaitAssigned(OPEN_TIMEOUT)) {
            throw new TimeoutException("Kafka gave no position within " + OPEN_TIMEOUT.toSeconds() + " s");
        }
        catalogue.heard(model);
        pass.valid(true);
        HttpClient client = client(address);
        call(client, plan.atMost().minusNanos(Time.OF_MACHINE.nanos() - start));
        if (isLeft) {
            LOG.debug("The warm-up of the ingress ends early: the process does");
        } else if (failedInARow.get() < MOST_FAILURES) {
            LOG.infof(
                    "The ingress is warm after %d calls of its own and %s s",
                    answered.get(), String.format(Locale.ROOT, "%.1f", (Time.OF_MACHINE.nanos() - start) / 1e9));
        } else {
            LOG.warnf("The ingress does not warm up: its calls to itself at %s fail", address);
        }
    }

    private <T extends AutoCloseable> T kept(T part) {
        opened.push(part);
        return part;
    }

    /** To itself, so the name in a certificate proves nothing. */
    private HttpClient client(URI address) {
        HttpClient client = vertx.createHttpClient(
                new HttpClientOptions()
                        .setDefaultHost(address.getHost().replaceAll("[\\[\\]]", ""))
                        .setDefaultPort(address.getPort())
                        .setSsl(address.getScheme().equals("https"))
                        .setTrustAll(true)
                        .setVerifyHost(false),
                new PoolOptions().setHttp1MaxSize(AT_ONCE));
        kept(client::close);
        return client;
    }

    private void call(HttpClient client, Duration atMost) throws InterruptedException {
        CountDownLatch chains = new CountDownLatch(AT_ONCE);
        for (int i = 0; i < AT_ONCE; i++) {
            next(client, chains);
        }
        if (!chains.await(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
            isOver = true;
            chains.await(CALL_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** Makes one call after the other. */
    private void next(HttpClient client, CountDownLatch chains) {
        if (isOver || made.get() >= plan.calls() || failedInARow.get() >= MOST_FAILURES) {
            chains.countDown();
            return;
        }
        int number = made.getAndIncrement();
        Payload body = WarmUpBodies.REQUESTS.get(number % WarmUpBodies.REQUESTS.size());
        Future<Integer> status = number % ASYNCHRONOUS == 0 ? submitAndPoll(client, body) : infer(client, body);
        status.onComplete(answer -> {
            if (answer.succeeded() && answer.result() == OK) {
                answered.incrementAndGet();
                failedInARow.set(0);
            } else {
                failedInARow.incrementAndGet();
            }
            next(client, chains);
        });
    }

    private Future<Integer> infer(HttpClient client, Payload body) {
        return send(client, HttpMethod.POST, INFER, Map.of(), Optional.of(body))
                .compose(response -> response.body().map(read -> response.statusCode()));
    }

    private Future<Integer> submitAndPoll(HttpClient client, Payload body) {
        return send(client, HttpMethod.POST, INFER, Map.of("Prefer", "respond-async"), Optional.of(body))
                .compose(accepted -> accepted.body()
                        .compose(read -> accepted.statusCode() == ACCEPTED
                                ? send(
                                                client,
                                                HttpMethod.GET,
                                                accepted.getHeader("Location"),
                                                Map.of("Prefer", "wait=1"),
                                                Optional.empty())
                                        .compose(status -> status.body().map(polled -> status.statusCode()))
                                : Future.succeededFuture(accepted.statusCode())));
    }

    private Future<HttpClientResponse> send(
            HttpClient client, HttpMethod method, String path, Map<String, String> headers, Optional<Payload> body) {
        RequestOptions options = new RequestOptions()
                .setMethod(method)
                .setURI(path)
                .setTimeout(CALL_TIMEOUT.toMillis())
                .putHeader(WarmUpPass.HEADER, pass.secret())
                .putHeader(RecordHeaders.TRACEPARENT, UNTRACED);
        headers.forEach(options::putHeader);
        body.ifPresent(payload -> {
            options.putHeader(
                    "Content-Type", payload.jsonLength().isPresent() ? RecordHeaders.BINARY : RecordHeaders.JSON);
            payload.jsonLength()
                    .ifPresent(length -> options.putHeader(Payload.JSON_LENGTH_HEADER, Integer.toString(length)));
        });
        return client.request(options)
                .compose(request -> body.isPresent()
                        ? request.send(Buffer.buffer(body.get().bytes().array()))
                        : request.send());
    }

    private void failed(Fault fault) {
        isOver = true;
        LOG.warnf(fault.cause(), "The ingress's warm-up ends early: thread %s failed", fault.thread());
    }

    private void end() {
        isOver = true;
        pass.valid(false);
        catalogue.forgotten(model.key());
        while (!opened.isEmpty()) {
            AutoCloseable part = opened.pop();
            try {
                part.close();
            } catch (Exception broken) {
                LOG.debugf(broken, "The warm-up could not free %s", part);
            }
        }
        done.countDown();
    }

    /** Makes no more calls: the ingress will soon refuse them. */
    public void leave() {
        isLeft = true;
        isOver = true;
    }

    /** Ends it early, if it goes on. */
    @Override
    public void close() {
        thread.close();
    }
}
