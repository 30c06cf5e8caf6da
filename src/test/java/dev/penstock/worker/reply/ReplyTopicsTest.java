package dev.penstock.worker.reply;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.kafka.GroupedProducer;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.threads.Faults;
import dev.penstock.worker.accepted.ReplyAddress;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsResult;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Reply topics of a broker that answers as the test says. */
class ReplyTopicsTest {
    private static final String KNOWN = "penstock.replies.known";

    private final AtomicLong now = new AtomicLong();
    private final Faults faults = new Faults("worker");
    private final Set<String> existing = ConcurrentHashMap.newKeySet();
    private final List<Collection<String>> calls = new CopyOnWriteArrayList<>();
    private final CountDownLatch answers = new CountDownLatch(1);
    private Function<String, RuntimeException> refusal = UnknownTopicOrPartitionException::new;
    private final ReplyProducers producers = new ReplyProducers(
            new GroupedProducer(new MockProducer<>(), new MockProducer<>(), faults), new MockProducer<>());
    private final ReplyTopics topics =
            new ReplyTopics(admin(), producers, List.of("penstock.replies.*"), faults, now::get);

    @AfterEach
    void close() {
        answers.countDown();
        topics.close();
        producers.close();
        assertThat(faults.isEmpty()).isTrue();
    }

    @Test
    void theIntakesThreadDoesNotWaitForABrokerThatIsSilent() {
        CompletableFuture<Resolution> resolution = resolve(KNOWN);

        assertThat(resolution).isNotDone();
        topics.close();
    }

    @Test
    void aKnownTopicIsAnsweredAtOnceWhileTheBrokerIsSilent() {
        existing.add(KNOWN);
        answers.countDown();
        assertThat(ended(resolve(KNOWN))).isEqualTo(to(KNOWN));

        now.addAndGet(Duration.ofSeconds(40).toNanos());
        assertThat(resolve(KNOWN)).isCompletedWithValue(to(KNOWN));
        await().until(() -> calls.size() == 2); // it is looked up again meanwhile
    }

    @Test
    void aTopicThatIsGoneIsNoticed() {
        existing.add(KNOWN);
        answers.countDown();
        ended(resolve(KNOWN));
        existing.clear();

        now.addAndGet(Duration.ofSeconds(60).toNanos());

        assertThat(reason(ended(resolve(KNOWN)))).contains("must be a topic that exists");
    }

    @Test
    void madeUpTopicsAreAskedForTogetherAndDisplaceNoTopicThatExists() {
        existing.add(KNOWN);
        List<CompletableFuture<Resolution>> madeUp = new ArrayList<>();
        CompletableFuture<Resolution> known = resolve(KNOWN);
        for (int i = 0; i < 20_000; i++) {
            madeUp.add(resolve("penstock.replies.made-up-" + i));
        }
        answers.countDown();

        assertThat(ended(known)).isEqualTo(to(KNOWN));
        assertThat(madeUp).allSatisfy(each -> assertThat(reason(ended(each))).contains("must be a topic that exists"));
        assertThat(calls).hasSizeLessThanOrEqualTo(202);
        assertThat(resolve(KNOWN)).isCompletedWithValue(to(KNOWN));
        assertThat(topics.remembered()).isLessThanOrEqualTo(10_001);
    }

    @Test
    void aTopicThatMayNotBeDescribedCountsAsMissing() {
        refusal = TopicAuthorizationException::new;
        answers.countDown();

        assertThat(reason(ended(resolve(KNOWN)))).contains("must be a topic that exists");
    }

    @Test
    void aTopicOffTheListIsRejectedWithoutALookUp() {
        assertThat(reason(resolve("elsewhere").join())).contains("penstock.replies.allowed-topics");
        assertThat(calls).isEmpty();
    }

    private CompletableFuture<Resolution> resolve(String topic) {
        Headers headers = new org.apache.kafka.common.header.internals.RecordHeaders();
        headers.add(RecordHeaders.REPLY_TOPIC, topic.getBytes(UTF_8));
        return topics.resolve(headers);
    }

    private static Resolution ended(CompletableFuture<Resolution> resolution) {
        return resolution.orTimeout(10, java.util.concurrent.TimeUnit.SECONDS).join();
    }

    private static Resolution to(String topic) {
        return new Resolution.To(Optional.of(new ReplyAddress(topic, Optional.empty())));
    }

    private static String reason(Resolution resolution) {
        return resolution instanceof Resolution.Rejected rejected
                ? String.valueOf(rejected.reason().getMessage())
                : "";
    }

    /** Answers once {@link #answers} is open. */
    private Admin admin() {
        return (Admin) Proxy.newProxyInstance(
                Admin.class.getClassLoader(), new Class<?>[] {Admin.class}, (proxy, method, arguments) -> {
                    Collection<String> names = names(arguments[0]);
                    calls.add(names);
                    answers.await();
                    return new DescribeTopicsResult(
                            null, names.stream().collect(Collectors.toMap(name -> name, this::answer))) {};
                });
    }

    private static Collection<String> names(Object argument) {
        return ((Collection<?>) argument).stream().map(String::valueOf).toList();
    }

    private KafkaFuture<TopicDescription> answer(String name) {
        KafkaFutureImpl<TopicDescription> answer = new KafkaFutureImpl<>();
        if (existing.contains(name)) {
            answer.complete(new TopicDescription(
                    name,
                    false,
                    IntStream.range(0, 3)
                            .mapToObj(each -> new TopicPartitionInfo(each, Node.noNode(), List.of(), List.of()))
                            .toList()));
        } else {
            answer.completeExceptionally(refusal.apply(name));
        }
        return answer;
    }
}
