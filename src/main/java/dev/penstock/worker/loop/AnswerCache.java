package dev.penstock.worker.loop;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.penstock.messages.RequestIds;
import dev.penstock.model.config.CacheSection;
import dev.penstock.protocol.Tensor;
import dev.penstock.worker.accepted.ReplyAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The answers of one model version that gives equal inputs equal outputs. Of equal requests, one runs, and those that come meanwhile wait
 * for it. Confined to the loop's thread.
 *
 * <p>A key is 128 bits of SHA-256 over the input tensors, whatever form they came in, and the tenant. Calls of one tenant share answers;
 * so do all records of other systems, which have no tenant.
 */
public final class AnswerCache {
    private static final String PARAMETER = "cache";
    static final Map<String, Object> MISS = Map.of(PARAMETER, "miss");
    static final Map<String, Object> JOINED = Map.of(PARAMETER, "joined");
    private static final int NO_TENANT = 0;

    /** The key, and the nodes of the cache's own tables. */
    private static final int ENTRY_BYTES = 256;

    private static final int TENSOR_BYTES = 256;

    private final WorkerMeters meters;
    private final boolean isShared;
    private final Cache<Key, Answer> answers;
    private final MessageDigest digest = sha256();
    private final Map<Key, Flight> flights = new HashMap<>();
    private final IdentityHashMap<Task, Flight> byLeader = new IdentityHashMap<>();
    private long now;

    private record Key(long high, long low) {}

    /**
     * @param outputs of all rows of a request, padded as they ran
     * @param nanos when they ran
     */
    record Answer(List<Tensor> outputs, long nanos) {
        /** About what it takes in memory: most answers are smaller than the objects around them. */
        int bytes() {
            return ENTRY_BYTES
                    + outputs.stream()
                            .mapToInt(output -> TENSOR_BYTES + output.data().remaining())
                            .sum();
        }
    }

    /** A request that runs, and equal ones that wait for it. */
    private record Flight(Key key, Task leader, List<Task> followers) {}

    public AnswerCache(CacheSection section, WorkerMeters meters) {
        this.meters = meters;
        this.isShared = section.isShared();
        this.answers = Caffeine.newBuilder()
                .maximumWeight(section.bytes())
                .weigher((Key key, Answer answer) -> answer.bytes())
                .expireAfterWrite(section.ttl())
                .ticker(() -> now)
                .executor(Runnable::run)
                .build();
    }

    /** What is known of a request that comes. */
    sealed interface Found {
        /** Its answer. */
        record Hit(Answer answer) implements Found {
            Map<String, Object> remarks(long nowNanos) {
                return Map.of(PARAMETER, "hit", "cache_age_ms", (nowNanos - answer.nanos) / 1_000_000);
            }
        }

        /** It waits for an equal one. */
        record Joined() implements Found {}

        /** It has to run. */
        record Missed() implements Found {}
    }

    /**
     * Looks a request up that comes. One that misses must be {@link #answered} or {@link #abandoned}.
     *
     * @param mayWait whether it may wait for an equal one, and equal ones for it
     */
    Found find(Task task, boolean mayWait, long nanos) {
        now = nanos;
        Key key = key(task);
        Answer answer = answers.getIfPresent(key);
        if (answer != null) {
            meters.givenAgain(nanos - answer.nanos);
            return new Found.Hit(answer);
        }
        Flight flight = flights.get(key);
        if (mayWait && flight == null) {
            Flight begun = new Flight(key, task, new ArrayList<>());
            flights.put(key, begun);
            byLeader.put(task, begun);
            meters.missedAnswer();
            return new Found.Missed();
        }
        // The leader is answered, or given up, by its own deadline.
        if (!mayWait || flight == null || flight.leader.deadlineNanos() - task.deadlineNanos() > 0) {
            meters.missedAnswer();
            return new Found.Missed();
        }
        flight.followers.add(task);
        meters.joinedAnswer();
        return new Found.Joined();
    }

    /**
     * Keeps an answer.
     *
     * @param outputs of the request's rows; copied by the caller
     * @return the requests that waited for it
     */
    List<Task> answered(Task task, List<Tensor> outputs, long nanos) {
        now = nanos;
        Flight flight = byLeader.get(task);
        if (flight == null) {
            return List.of();
        }
        answers.put(flight.key, new Answer(outputs, nanos));
        return abandoned(task);
    }

    /** The request has no answer that may be given again. Returns those that waited for it, which have to run. */
    List<Task> abandoned(Task task) {
        Flight flight = byLeader.remove(task);
        if (flight == null) {
            return List.of();
        }
        flights.remove(flight.key);
        return flight.followers;
    }

    /** Whether its answer will be kept. */
    boolean isLeader(Task task) {
        return byLeader.containsKey(task);
    }

    private Key key(Task task) {
        digest.reset();
        ByteBuffer scope = ByteBuffer.allocate(Integer.BYTES).putInt(isShared ? NO_TENANT : tenant(task));
        digest.update(scope.flip());
        for (Tensor input : task.inputs()) {
            byte[] form = (input.name() + input.datatype() + input.shape()
                            + input.data().remaining() + "\0")
                    .getBytes(StandardCharsets.UTF_8);
            digest.update(form);
            digest.update(input.data().duplicate());
        }
        ByteBuffer hash = ByteBuffer.wrap(digest.digest());
        return new Key(hash.getLong(), hash.getLong());
    }

    /** The tenant's tag in the id of a call; ids of other systems have none. */
    private static int tenant(Task task) {
        Optional<ReplyAddress> address = task.record().replyTo();
        boolean isCall = address.filter(ReplyAddress::isOurs).isPresent();
        OptionalInt tag = isCall ? RequestIds.tenantTag(task.record().correlationId()) : OptionalInt.empty();
        return tag.orElse(NO_TENANT);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible); // each Java platform has it
        }
    }
}
