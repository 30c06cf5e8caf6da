package dev.penstock.worker.reply;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.NotLeaderOrFollowerException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;

class FateTest {
    @Test
    void isWrittenWithoutAFailure() {
        assertThat(Fate.of(null, true)).isEqualTo(new Fate.Written());
    }

    @Test
    void isRefusedWhereOnlyAChangeOfTheTopicOrARightHelps() {
        assertThat(Fate.of(new UnknownTopicOrPartitionException("gone"), true)).isInstanceOf(Fate.Refused.class);
        assertThat(Fate.of(new TopicAuthorizationException("denied"), true)).isInstanceOf(Fate.Refused.class);
        assertThat(Fate.of(new InvalidTopicException("?"), false)).isInstanceOf(Fate.Refused.class);
        assertThat(Fate.of(new SerializationException("?"), false)).isInstanceOf(Fate.Refused.class);
        assertThat(Fate.of(new RecordTooLargeException("long"), false)).isInstanceOf(Fate.TooLarge.class);
    }

    @Test
    void mayBeWrittenIfItWasSentAndAnotherTryMaySucceed() {
        TimeoutException late = new TimeoutException("late");
        assertThat(Fate.of(late, true)).isEqualTo(new Fate.Unsettled(late, true));
        assertThat(Fate.of(late, false)).isEqualTo(new Fate.Unsettled(late, false));
        assertThat(Fate.of(new NotLeaderOrFollowerException("moved"), true)).isInstanceOf(Fate.Unsettled.class);
    }
}
