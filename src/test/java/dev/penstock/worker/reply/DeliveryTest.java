package dev.penstock.worker.reply;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.NetworkException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The rules of a delivery, without Kafka and without a clock. */
class DeliveryTest {
    private static final Fate WRITTEN = Fate.of(null, true);
    private static final Fate TOO_LARGE = Fate.of(new RecordTooLargeException("too large"), true);
    private static final Fate DENIED = Fate.of(new TopicAuthorizationException("not allowed"), true);
    private static final Fate NEVER_SENT = Fate.of(new TimeoutException("no metadata"), false);
    private static final Fate MAYBE_WRITTEN = Fate.of(new NetworkException("gone"), true);
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final List<String> heard = new ArrayList<>();

    @ParameterizedTest
    @EnumSource
    void isDeliveredOnce(Delivery.Kind kind) {
        Delivery delivery = delivery(kind);

        assertThat(tried(delivery, WRITTEN, 0)).isEqualTo(new Delivery.Step.Ended());
        assertThat(heard).containsExactly("delivered at first");
    }

    @ParameterizedTest
    @EnumSource
    void sendsTheNextFormOfWhatIsTooLarge(Delivery.Kind kind) {
        Delivery delivery = delivery(kind);

        assertThat(tried(delivery, TOO_LARGE, 0)).isEqualTo(new Delivery.Step.SendNow());
        assertThat(value(delivery)).isEqualTo("short");
        assertThat(tried(delivery, WRITTEN, 0)).isEqualTo(new Delivery.Step.Ended());
        assertThat(heard).containsExactly("delivered");
    }

    @ParameterizedTest
    @EnumSource
    void isGivenUpWhenEvenTheLastFormIsTooLarge(Delivery.Kind kind) {
        Delivery delivery = delivery(kind);
        tried(delivery, TOO_LARGE, 0);

        assertThat(tried(delivery, TOO_LARGE, 0)).isEqualTo(new Delivery.Step.Ended());
        assertThat(heard).containsExactly("could not be delivered to topic t: too large");
    }

    /** On another system's topic, two different replies would both be seen. */
    @Test
    void doesNotBecomeAnotherReplyOnceTheFirstMayHaveBeenWritten() {
        Delivery delivery = delivery(Delivery.Kind.OTHERS_REPLY);
        tried(delivery, MAYBE_WRITTEN, 0);
        assertThat(value(delivery)).isEqualTo("long");

        assertThat(tried(delivery, TOO_LARGE, 0)).isEqualTo(new Delivery.Step.Ended());
        assertThat(heard).containsExactly("may or may not have been delivered to topic t: too large");
    }

    @Test
    void mayBecomeAnotherReplyWhereTheFirstOneCounts() {
        Delivery delivery = delivery(Delivery.Kind.OUR_REPLY);
        tried(delivery, MAYBE_WRITTEN, 0);

        assertThat(tried(delivery, TOO_LARGE, 0)).isEqualTo(new Delivery.Step.SendNow());
    }

    @Test
    void anotherSystemsTopicThatRefusesIsGivenUpAtOnce() {
        assertThat(tried(delivery(Delivery.Kind.OTHERS_REPLY), DENIED, 0)).isEqualTo(new Delivery.Step.Ended());
        assertThat(heard).hasSize(1);
    }

    @Test
    void anotherSystemsTopicThatDoesNotAnswerIsGivenUpAfterThirtySeconds() {
        Delivery delivery = delivery(Delivery.Kind.OTHERS_REPLY);

        assertThat(tried(delivery, NEVER_SENT, 0)).isInstanceOf(Delivery.Step.SendLater.class);
        assertThat(tried(delivery, MAYBE_WRITTEN, 29 * SECOND)).isInstanceOf(Delivery.Step.SendLater.class);
        assertThat(tried(delivery, MAYBE_WRITTEN, 30 * SECOND)).isEqualTo(new Delivery.Step.Ended());
        assertThat(heard).containsExactly("may or may not have been delivered to topic t: gone");
    }

    @ParameterizedTest
    @EnumSource(names = {"OUR_REPLY", "DEAD_LETTER"})
    void troubleThatMayPassIsWaitedForWithoutLimit(Delivery.Kind kind) {
        Delivery delivery = delivery(kind);

        for (int hour = 0; hour < 24; hour++) {
            assertThat(tried(delivery, MAYBE_WRITTEN, hour * 3600L * SECOND))
                    .isInstanceOf(Delivery.Step.SendLater.class);
        }
        assertThat(heard).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"OUR_REPLY", "DEAD_LETTER"})
    void aTopicOfOursThatRefusesHoldsARecordForFiveSeconds(Delivery.Kind kind) {
        Delivery delivery = delivery(kind);

        assertThat(tried(delivery, DENIED, 0)).isInstanceOf(Delivery.Step.SendLater.class);
        assertThat(tried(delivery, DENIED, 4 * SECOND)).isInstanceOf(Delivery.Step.SendLater.class);
        assertThat(heard).isEmpty();
        assertThat(tried(delivery, DENIED, 5 * SECOND)).isInstanceOf(Delivery.Step.SendLater.class);
        assertThat(heard).containsExactly("could not be delivered to topic t: not allowed");
        assertThat(delivery.isAwaited()).isFalse();

        assertThat(tried(delivery, WRITTEN, 60 * SECOND)).isEqualTo(new Delivery.Step.Ended());
        assertThat(heard).hasSize(1);
    }

    @Test
    void aTopicThatHasRefusedOthersForLongHoldsNoMoreRecords() {
        Delivery delivery = delivery(Delivery.Kind.DEAD_LETTER);

        delivery.tried(DENIED, 100 * SECOND, OptionalLong.of(90 * SECOND));

        assertThat(heard).hasSize(1);
    }

    @Test
    void isSentAgainOnlyWhereItIsPermitted() {
        tried(delivery(Delivery.Kind.OTHERS_REPLY), MAYBE_WRITTEN, 0);

        delivery(Delivery.Kind.OTHERS_REPLY).again(0, () -> heard.add("sent"));
        assertThat(heard).containsExactly("sent");
    }

    @Test
    void isLeftToAnotherWorkerWhereItIsNotPermittedAnyMore() {
        Delivery delivery = delivery(Delivery.Kind.OTHERS_REPLY, (nowNanos, send, leave) -> leave.run());
        tried(delivery, MAYBE_WRITTEN, 0);

        delivery.again(0, () -> heard.add("sent"));

        assertThat(heard).containsExactly("left");
        assertThat(delivery.isAwaited()).isFalse();
    }

    @Test
    void waitsLongerFromTryToTry() {
        Delivery delivery = delivery(Delivery.Kind.OUR_REPLY);
        List<Long> waitsMillis = new ArrayList<>();

        for (int i = 0; i < 12; i++) {
            if (tried(delivery, NEVER_SENT, 0) instanceof Delivery.Step.SendLater(long nanos)) {
                waitsMillis.add(nanos / 1_000_000);
            }
        }

        assertThat(waitsMillis)
                .containsExactly(20L, 40L, 80L, 160L, 320L, 640L, 1280L, 2560L, 5000L, 5000L, 5000L, 5000L);
    }

    private static Delivery.Step tried(Delivery delivery, Fate fate, long nowNanos) {
        return delivery.tried(fate, nowNanos, OptionalLong.empty());
    }

    private static String value(Delivery delivery) {
        return new String(delivery.record().value(), UTF_8);
    }

    private Delivery delivery(Delivery.Kind kind) {
        return delivery(kind, Delivery.Permit.ALWAYS);
    }

    private Delivery delivery(Delivery.Kind kind, Delivery.Permit permit) {
        return new Delivery(kind, new TwoForms(), permit, new Delivery.Ending() {
            @Override
            public void delivered(int form, boolean atFirst) {
                heard.add(atFirst ? "delivered at first" : "delivered");
            }

            @Override
            public void givenUp(String reason) {
                heard.add(reason);
            }

            @Override
            public void left() {
                heard.add("left");
            }
        });
    }

    private static final class TwoForms implements Forms {
        private static final List<String> VALUES = List.of("long", "short");

        @Override
        public String topic() {
            return "t";
        }

        @Override
        public Optional<ProducerRecord<byte[], byte[]>> form(int number) {
            return number < VALUES.size()
                    ? Optional.of(new ProducerRecord<>("t", VALUES.get(number).getBytes(UTF_8)))
                    : Optional.empty();
        }
    }
}
