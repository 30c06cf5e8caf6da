package dev.penstock.diagnosis;

/** A part of the service that can be the bottleneck. */
public enum Part {
    /** No part limits anything. */
    NOTHING("Nothing is a bottleneck"),
    INGRESS_CPU("The ingress's CPU is the bottleneck"),
    KAFKA("Kafka is the bottleneck"),
    FEATURES("The lookup of features is the bottleneck"),
    WINDOW("The batch window is the bottleneck"),
    ACCELERATOR_COMPUTE("The accelerator's speed is the bottleneck"),
    ACCELERATOR_MEMORY("The accelerator's memory is the bottleneck"),
    RESULTS("Redis is the bottleneck"),
    PARTITIONS("Too few partitions are the bottleneck"),
    WORKERS("Too few workers are the bottleneck"),
    /** Requests are slow or refused, and no single part stands out. */
    UNKNOWN("No single part stands out");

    private final String sentence;

    Part(String sentence) {
        this.sentence = sentence;
    }

    /** The verdict as a sentence without its full stop. */
    public String sentence() {
        return sentence;
    }
}
