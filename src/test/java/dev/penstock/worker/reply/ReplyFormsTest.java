package dev.penstock.worker.reply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.messages.Topics;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.AcceptedRecords;
import dev.penstock.worker.accepted.ReplyAddress;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

class ReplyFormsTest {
    private final AcceptedRecord record = AcceptedRecords.open("id");

    @Test
    void eachFormGoesToThePartitionThatTheCallerReads() {
        assertThat(forms(new ReplyAddress(Topics.REPLIES, Optional.of(3))))
                .hasSize(3)
                .allMatch(form -> form.topic().equals(Topics.REPLIES)
                        && Integer.valueOf(3).equals(form.partition()));
    }

    @Test
    void whereNoPartitionIsAskedForTheIdChoosesIt() {
        assertThat(forms(new ReplyAddress(Topics.RESULTS, Optional.empty())))
                .hasSize(3)
                .allSatisfy(form -> {
                    assertThat(form.partition()).isNull();
                    assertThat(form.key()).asString().isEqualTo("id");
                });
    }

    private List<ProducerRecord<byte[], byte[]>> forms(ReplyAddress address) {
        ReplyForms forms = new ReplyForms(record, address, "m", new Outcome.Cancelled(), Timings.NONE);
        return List.of(
                forms.form(0).orElseThrow(),
                forms.form(1).orElseThrow(),
                forms.form(2).orElseThrow());
    }
}
