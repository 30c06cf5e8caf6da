package dev.penstock.messages;

import dev.penstock.protocol.Lane;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The names of the topics and consumer groups that ingresses and workers share.
 *
 * <p>Kafka refuses a topic whose name differs from another only by '.' in place of '_', because its metrics do not tell them apart. Model
 * names may have both. So a topic's name has a dot of the model's name as {@code -.}, and hyphens directly before a dot or an underscore
 * twice: an even number of hyphens before a separator says underscore, an odd number says dot. No two models share a topic, not even for
 * Kafka's metrics. {@code resnet50.v1} has {@code penstock.resnet50-.v1.requests}; most names stay as they are.
 */
public final class Topics {
    /** Replies to synchronous calls. Each ingress reads one partition. It is the record of their outcomes, for its retention. */
    public static final String REPLIES = "penstock.replies";

    /** Replies to asynchronous calls. All ingresses read it as one consumer group. It is the durable record of outcomes, for its retention. */
    public static final String RESULTS = "penstock.results";

    /** The consumer group of the ingresses that record {@link #RESULTS}. */
    public static final String RESULT_RECORDERS = "penstock.recorders";

    /** Announcements of served models; compacted. */
    public static final String MODELS = "penstock.models";

    /** The ids of cancelled requests. Every worker reads all of them. */
    public static final String CANCELLATIONS = "penstock.cancellations";

    /** Candidates for the secret that signs request ids; compacted. The first one counts. */
    public static final String KEYS = "penstock.keys";

    /** Replies to the requests that a worker sends itself to warm up. Nobody reads it. */
    public static final String WARM_UP_REPLIES = "penstock." + WarmUpModels.OF_WORKER + ".replies";

    /**
     * Names that no model may have, because their topics would collide with others. {@code penstock.features.requests} is also the topic of
     * a view {@code requests}. {@code penstock.replies.requests} is a topic to which any caller may direct replies.
     */
    public static final SortedSet<String> RESERVED_MODELS =
            Collections.unmodifiableSortedSet(new TreeSet<>(List.of("features", "replies")));

    private Topics() {}

    public static String requests(String model, Lane lane) {
        return switch (lane) {
            case INTERACTIVE -> ofModel(model) + ".requests";
            case BULK -> ofModel(model) + ".requests.bulk";
        };
    }

    /** The request topics of a model, one per lane. */
    public static List<String> requests(String model) {
        return List.of(requests(model, Lane.INTERACTIVE), requests(model, Lane.BULK));
    }

    /** Whether ingresses read the topic, so that the first reply with an id counts. Other reply topics are other systems'. */
    public static boolean isOurReplyTopic(String topic) {
        return topic.equals(REPLIES) || topic.equals(RESULTS);
    }

    public static String deadLetters(String model) {
        return ofModel(model) + ".dead-letters";
    }

    /** The feature vectors of a view; compacted by entity. */
    public static String features(String view) {
        return "penstock.features." + view;
    }

    /** The consumer group that copies {@link #features} into Redis. Workers whose views have the same layout share one. */
    public static String featureRecorders(String view, String layout) {
        return features(view) + "." + layout;
    }

    /** The consumer group of the workers that serve a model. Its lag is the model's backlog. */
    public static String workerGroup(String model) {
        return ofModel(model) + ".workers";
    }

    private static String ofModel(String model) {
        StringBuilder name = new StringBuilder("penstock.");
        int hyphens = 0;
        for (int i = 0; i < model.length(); i++) {
            char next = model.charAt(i);
            if (next == '.' || next == '_') {
                name.append("-".repeat(next == '.' ? hyphens + 1 : hyphens));
            }
            name.append(next);
            hyphens = next == '-' ? hyphens + 1 : 0;
        }
        return name.toString();
    }
}
