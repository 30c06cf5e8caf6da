package dev.penstock.ingress.outcomes;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.messages.RequestId;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The partitions of {@code penstock.results} that this ingress itself reads. Of the replies to a request, the first in the log counts. If
 * the ingress has read the partition since before the request was issued, that is the first that it reads. Thread-safe.
 */
public final class OwnPartitions {
    private final RequestIdIssuer ids;
    private final Map<Integer, Long> sinceMillis = new ConcurrentHashMap<>();
    private volatile int partitions;

    public OwnPartitions(RequestIdIssuer ids) {
        this.ids = ids;
    }

    void takenUp(int partition, long nowMillis) {
        sinceMillis.put(partition, nowMillis);
    }

    void givenUp(int partition) {
        sinceMillis.remove(partition);
    }

    /** @param number how many partitions the topic has */
    void topicHas(int number) {
        partitions = number;
    }

    /** Whether the first outcome that is read here is certainly the first of that request. Others' clocks may differ, so it must be ours. */
    boolean have(RequestId id) {
        if (partitions == 0 || !ids.isOwn(id)) {
            return false;
        }
        Long since = sinceMillis.get(OutcomeLog.resultPartition(id, partitions));
        return since != null && since < id.issuedMillis();
    }
}
