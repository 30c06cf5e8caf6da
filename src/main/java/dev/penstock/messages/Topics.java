package dev.penstock.messages;

import dev.penstock.protocol.Lane;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/** The names of the topics on which ingress and worker meet. */
public final class Topics {
    /** Answers to synchronous calls: each ingress reads one partition of it. */
    public static final String REPLIES = "penstock.replies";

    /** Answers to asynchronous calls: ingresses read it as one group, and its retention is the durable record. */
    public static final String RESULTS = "penstock.results";

    /** The consumer group of the ingresses that record {@link #RESULTS}. */
    public static final String RESULT_RECORDERS = "penstock.recorders";

    /** What workers serve; compacted. */
    public static final String MODELS = "penstock.models";

    /** The ids of requests that were taken back: every worker follows it. */
    public static final String CANCELLATIONS = "penstock.cancellations";

    /**
     * Names that no model may have: {@code penstock.features.requests} would be the topic of a view {@code requests} as well, and
     * {@code penstock.replies.requests} one that any caller may have replies sent to.
     */
    public static final SortedSet<String> RESERVED_MODELS =
            Collections.unmodifiableSortedSet(new TreeSet<>(List.of("features", "replies")));

    private Topics() {}

    public static String requests(String model, Lane lane) {
        return switch (lane) {
            case INTERACTIVE -> "penstock." + model + ".requests";
            case BULK -> "penstock." + model + ".requests.bulk";
        };
    }

    /** All topics that carry requests for the model. */
    public static List<String> requests(String model) {
        return List.of(requests(model, Lane.INTERACTIVE), requests(model, Lane.BULK));
    }

    public static String deadLetters(String model) {
        return "penstock." + model + ".dead-letters";
    }

    /** What has become known of a view's entities; compacted by entity. */
    public static String features(String view) {
        return "penstock.features." + view;
    }

    /** The consumer group of the workers of whom one takes {@link #features} into Redis, for views of the same layout. */
    public static String featureRecorders(String view, String layout) {
        return features(view) + "." + layout;
    }

    /** The consumer group of the workers that serve a model; its lag is the model's backlog. */
    public static String workerGroup(String model) {
        return "penstock." + model + ".workers";
    }
}
