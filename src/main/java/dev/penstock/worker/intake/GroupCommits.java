package dev.penstock.worker.intake;

import dev.penstock.threads.Time;
import dev.penstock.threads.TroubleLog;
import dev.penstock.worker.accepted.Lease;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.OffsetCommit;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.jboss.logging.Logger;

/** Commits offsets. Each commit that the broker accepts renews the lease. Confined to the consumer's thread. */
final class GroupCommits {
    private static final Logger LOG = Logger.getLogger(GroupCommits.class);
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final Consumer<byte[], byte[]> consumer;
    private final Lease lease;
    private final Time time;
    private final TroubleLog trouble;
    private boolean isRenewing;

    GroupCommits(String model, Consumer<byte[], byte[]> consumer, Lease lease, Time time) {
        this.consumer = consumer;
        this.lease = lease;
        this.time = time;
        this.trouble = new TroubleLog(LOG, "Commits of model " + model);
    }

    /** Does not wait. A failure is no loss: the next commit covers it, and a crash before that serves some requests twice. */
    void async(Map<LogPartition, OffsetCommit> commits) {
        if (commits.isEmpty()) {
            return;
        }
        long sentNanos = time.nanos();
        consumer.commitAsync(offsets(commits), (committed, failure) -> {
            if (failure == null) {
                lease.renew(sentNanos);
                trouble.succeeded();
            } else {
                LOG.debugf(failure, "could not commit %s; the next commit will", committed);
            }
        });
    }

    /** Commits to renew the lease, unless such a commit is under way. Does not wait: without Kafka the intake must go on. */
    void renewLease(Supplier<Map<LogPartition, OffsetCommit>> commits) {
        Map<LogPartition, OffsetCommit> all = isRenewing ? Map.of() : commits.get();
        if (all.isEmpty()) {
            return; // without a partition there is nothing that the broker could confirm
        }
        isRenewing = true;
        long sentNanos = time.nanos();
        try {
            consumer.commitAsync(offsets(all), (committed, failure) -> {
                isRenewing = false;
                if (failure == null) {
                    lease.renew(sentNanos);
                    trouble.succeeded();
                } else {
                    trouble.failed("the broker did not accept a commit of " + committed.keySet(), failure);
                }
            });
        } catch (RuntimeException notSent) {
            isRenewing = false;
            throw notSent;
        }
    }

    /** Returns whether the broker has accepted the commit. It does not while a rebalance goes on, and from a worker that it has given up. */
    boolean sync(Map<LogPartition, OffsetCommit> commits) {
        if (commits.isEmpty()) {
            return true;
        }
        long sentNanos = time.nanos();
        try {
            consumer.commitSync(offsets(commits), TIMEOUT);
            lease.renew(sentNanos);
            trouble.succeeded();
            return true;
        } catch (ApiException | CommitFailedException refused) {
            trouble.failed("the broker did not accept a commit of " + commits.keySet(), refused);
            return false;
        }
    }

    private static Map<TopicPartition, OffsetAndMetadata> offsets(Map<LogPartition, OffsetCommit> commits) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        commits.forEach((partition, commit) -> offsets.put(
                new TopicPartition(partition.topic(), partition.partition()),
                new OffsetAndMetadata(commit.nextOffset(), commit.metadata())));
        return offsets;
    }
}
