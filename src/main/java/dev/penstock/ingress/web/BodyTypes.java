package dev.penstock.ingress.web;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What a body says that it is. Many clients name a default of their own, such as {@code text/plain} or {@code text/html}, whatever they send.
 * So a body is read as JSON, or in the binary form, unless its name is that of something else that is known.
 */
public final class BodyTypes {
    /** What nearly all bodies say, as it is usually written. */
    private static final Set<String> USUAL = Set.of("application/json", "application/octet-stream");

    private static final Set<String> OTHER_KINDS =
            Set.of("audio", "font", "image", "message", "model", "multipart", "video");

    private static final Set<String> OTHERS = Set.of(
            "application/avro",
            "application/cbor",
            "application/cloudevents+json",
            "application/cloudevents-batch+json",
            "application/gzip",
            "application/jsonl",
            "application/msgpack",
            "application/pdf",
            "application/protobuf",
            "application/vnd.apache.arrow.file",
            "application/vnd.apache.arrow.stream",
            "application/vnd.apache.parquet",
            "application/vnd.google.protobuf",
            "application/x-msgpack",
            "application/x-ndjson",
            "application/x-npy",
            "application/x-protobuf",
            "application/x-yaml",
            "application/xml",
            "application/yaml",
            "application/zip",
            "text/csv",
            "text/tab-separated-values",
            "text/xml",
            "text/yaml");

    private static final List<String> OTHER_PREFIXES = List.of("application/grpc");
    private static final List<String> OTHER_SUFFIXES = List.of("+cbor", "+protobuf", "+xml", "+yaml", "+zip");

    private BodyTypes() {}

    /**
     * Whether a body of this type is something that the API knows and does not take.
     *
     * @param contentType the header, with or without parameters
     */
    public static boolean isOfAnother(String contentType) {
        if (USUAL.contains(contentType)) {
            return false;
        }
        String type = contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        return OTHERS.contains(type)
                || OTHER_KINDS.contains(type.split("/", 2)[0])
                || OTHER_PREFIXES.stream().anyMatch(type::startsWith)
                || OTHER_SUFFIXES.stream().anyMatch(type::endsWith);
    }
}
