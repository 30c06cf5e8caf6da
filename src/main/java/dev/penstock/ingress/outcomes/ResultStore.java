package dev.penstock.ingress.outcomes;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.kafka.IndexPosition;
import dev.penstock.kafka.TopicIndexer;
import dev.penstock.messages.RequestId;
import dev.penstock.redis.GuardedRedis;
import dev.penstock.tenants.quota.OpenRequests;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The index of {@code penstock.results} in Redis: the outcomes of requests, and how far each partition has been copied. Both change in one
 * script, so Redis may lose its data or be set back to an older state, and what it says of itself stays true. The first outcome of a
 * request wins; later ones are dropped. An outcome expires when the result TTL has passed since the request's deadline. Thread-safe.
 */
public final class ResultStore {
    private static final String POSITIONS = "penstock:results:positions";

    /** The field of the positions that holds the number of partitions. */
    private static final String PARTITIONS = "partitions";

    /**
     * Takes a step of one partition, if the index is where the step begins. An outcome is published in a channel that has the name of its key.
     * A large one is not, since a subscriber that is slow to read it would be cut off. A Redis that refuses to publish stores all the same.
     */
    private static final String STORE = """
            if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
            for i = 2, #KEYS do
                local outcome = ARGV[2 * i + 1]
                if redis.call('SET', KEYS[i], outcome, 'NX', 'PX', ARGV[2 * i + 2]) then
                    redis.pcall('PUBLISH', KEYS[i], #outcome <= 65536 and outcome or '')
                end
            end
            redis.call('HSET', KEYS[1], ARGV[1], ARGV[3], 'partitions', ARGV[4])
            return 1""";

    /** The index is renewed twice a second. One that is older than this does not prove that there is no outcome. */
    private static final long FRESH_MILLIS = 3000;

    /** How much the clocks of ingresses and brokers may differ. */
    private static final long SKEW_MILLIS = Duration.ofMinutes(1).toMillis();

    private static final Pattern EVICTED = Pattern.compile("evicted_keys:(\\d+)");

    private static final List<Request> STATE = List.of(
            Request.cmd(Command.TIME),
            Request.cmd(Command.INFO).arg("stats"),
            Request.cmd(Command.HGETALL).arg(POSITIONS));

    private final Redis redis;
    private final GuardedRedis guarded;
    private final OpenRequests open;
    private final Duration ttl;
    private final LongSupplier epochMillis;

    /**
     * @param guarded the same Redis with a limit on time, for reads while a caller waits
     * @param open the places that requests release with their outcome
     * @param ttl how long after its deadline an outcome is kept
     */
    public ResultStore(Redis redis, GuardedRedis guarded, OpenRequests open, Duration ttl, LongSupplier epochMillis) {
        this.redis = redis;
        this.guarded = guarded;
        this.open = open;
        this.ttl = ttl;
        this.epochMillis = epochMillis;
    }

    /** A request and an outcome of it. */
    record Settled(RequestId id, StoredResult outcome) {}

    /** What a step settles. */
    record Results(TopicIndexer.Step step, List<Settled> settled) {}

    /**
     * What Redis knows of a request.
     *
     * @param isConclusive false when an outcome may be missing
     */
    record Look(Optional<StoredResult> outcome, boolean isConclusive) {}

    Future<TopicIndexer.State> state() {
        return redis.batch(STATE).map(ResultStore::state);
    }

    /**
     * Stores outcomes, gives them to the long polls for them, and releases their places among their tenants' open requests. Completes with the
     * partitions whose position was another one; nothing of theirs was stored.
     */
    Future<Set<Integer>> store(List<Results> steps) {
        List<Request> commands = new ArrayList<>();
        steps.forEach(step -> commands.add(script(step)));
        for (Results step : steps) {
            for (Settled each : step.settled) {
                if (RequestIdIssuer.hasPlace(each.id)) {
                    commands.add(open.settled(each.id));
                }
            }
        }
        return redis.batch(commands).map(answers -> {
            Set<Integer> refused = new HashSet<>();
            for (int i = 0; i < steps.size(); i++) {
                if (answers.get(i).toInteger() == 0) {
                    refused.add(steps.get(i).step.partition());
                }
            }
            return refused;
        });
    }

    private Request script(Results results) {
        TopicIndexer.Step step = results.step;
        List<String> keys = new ArrayList<>(List.of(POSITIONS));
        List<Buffer> values = new ArrayList<>();
        for (Settled each : results.settled) {
            long millis = millisToKeep(each.id);
            if (millis > 0) {
                keys.add(channel(each.id));
                values.add(Buffer.buffer(each.outcome.toBytes()));
                values.add(Buffer.buffer(Long.toString(millis)));
            }
        }
        Request script = Request.cmd(Command.EVAL).arg(STORE).arg(keys.size());
        keys.forEach(script::arg);
        script.arg(step.partition())
                .arg(step.from().map(IndexPosition::text).orElse(""))
                .arg(step.to().text())
                .arg(step.partitions());
        values.forEach(script::arg);
        return script;
    }

    /** Looks for the outcome of a request, and whether it would be here. Fails when Redis does not answer in time. */
    Future<Look> look(RequestId id) {
        List<Request> requests = new ArrayList<>(STATE);
        requests.add(get(id));
        return guarded.batch(requests).map(answers -> {
            Optional<StoredResult> outcome = read(answers.get(STATE.size()));
            return new Look(outcome, outcome.isPresent() || isComplete(answers, id));
        });
    }

    /** Looks for the outcome of a request. It may be elsewhere if it is not here. Fails when Redis does not answer in time. */
    Future<Optional<StoredResult>> glance(RequestId id) {
        return guarded.send(get(id)).map(ResultStore::read);
    }

    private static Request get(RequestId id) {
        return Request.cmd(Command.GET).arg(channel(id));
    }

    private static Optional<StoredResult> read(@Nullable Response outcome) {
        return Optional.ofNullable(outcome).map(Response::toBytes).map(StoredResult::read);
    }

    private static boolean isComplete(List<Response> answers, RequestId id) {
        TopicIndexer.State state = state(answers);
        Response partitions = answers.get(2).get(PARTITIONS);
        if (partitions == null) {
            return false;
        }
        IndexPosition position = state.positions().get(OutcomeLog.resultPartition(id, partitions.toInteger()));
        return position != null
                && position.evictions() == state.evictions()
                && position.untilMillis() >= state.millis() - FRESH_MILLIS
                && position.fromMillis() + SKEW_MILLIS <= id.issuedMillis();
    }

    private static TopicIndexer.State state(List<Response> answers) {
        Response time = answers.get(0);
        long millis = time.get(0).toLong() * 1000 + time.get(1).toLong() / 1000;
        Matcher evicted = EVICTED.matcher(answers.get(1).toString());
        Map<Integer, IndexPosition> positions = new HashMap<>();
        Response stored = answers.get(2);
        for (String field : stored.getKeys()) {
            if (!field.equals(PARTITIONS)) {
                IndexPosition.parse(Objects.requireNonNull(stored.get(field)).toString())
                        .ifPresent(position -> positions.put(Integer.parseInt(field), position));
            }
        }
        return new TopicIndexer.State(millis, evicted.find() ? Long.parseLong(evicted.group(1)) : 0, positions);
    }

    /** Counts from the deadline, not from the outcome: a poll must not miss an outcome that its id says is kept. */
    private long millisToKeep(RequestId id) {
        return id.deadlineMillis() + ttl.toMillis() - epochMillis.getAsLong();
    }

    /** Where its outcome is kept, and published. */
    static String channel(RequestId id) {
        return "penstock:result:" + id;
    }
}
