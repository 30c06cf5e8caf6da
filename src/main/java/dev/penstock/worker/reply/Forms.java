package dev.penstock.worker.reply;

import java.util.Optional;
import org.apache.kafka.clients.producer.ProducerRecord;

/** A message in several forms, each smaller than the one before. The first form that the topic takes is written. */
interface Forms {
    String topic();

    /**
     * Builds one form.
     *
     * @param number 0 for the complete message
     * @return empty when there is no form with this number
     */
    Optional<ProducerRecord<byte[], byte[]>> form(int number);

    /** A message that is a record already. */
    static Forms of(ProducerRecord<byte[], byte[]> only) {
        return new Forms() {
            @Override
            public String topic() {
                return only.topic();
            }

            @Override
            public Optional<ProducerRecord<byte[], byte[]>> form(int number) {
                return number == 0 ? Optional.of(only) : Optional.empty();
            }
        };
    }
}
