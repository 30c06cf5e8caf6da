package dev.penstock.ingress.call;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The addresses of calls over gRPC, as filters need to know them. */
public final class GrpcPaths {
    public static final String SERVICE = "inference.GRPCInferenceService";

    private static final String PREFIX = "/" + SERVICE + "/";
    private static final Set<String> INFER = Set.of(PREFIX + "ModelInfer", PREFIX + "ModelStreamInfer");
    private static final Set<String> HEALTH = Set.of(
            PREFIX + "ServerLive",
            PREFIX + "ServerReady",
            "/grpc.health.v1.Health/Check",
            "/grpc.health.v1.Health/Watch");

    private GrpcPaths() {}

    /** Whether a call is over gRPC, by its content type. */
    public static boolean isGrpc(@Nullable String contentType) {
        return contentType != null && contentType.startsWith(GrpcStatus.CONTENT_TYPE);
    }

    /** Whether the path is of the inference service. */
    public static boolean isOfService(String path) {
        return path.startsWith(PREFIX);
    }

    /** Whether the path asks how the server is. Such calls need no credential. */
    public static boolean isHealth(String path) {
        return HEALTH.contains(path);
    }

    public static boolean isInfer(String path) {
        return INFER.contains(path);
    }
}
