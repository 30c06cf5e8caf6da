package dev.penstock.ingress.gate;

import dev.penstock.tenants.quota.Quota;
import dev.penstock.tenants.quota.QuotaDecision;
import dev.penstock.tenants.quota.QuotaLimit;
import dev.penstock.tenants.quota.RemainingQuota;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes a quota as the response fields {@code RateLimit-Policy} and {@code RateLimit}, as draft-ietf-httpapi-ratelimit-headers-11
 * defines them. The window of a policy is the time in which its bucket fills. The remaining tokens are reported with the time that they
 * last at the quota's own rate. So no client reads more into them than the quota allows.
 */
final class RateLimitFields {
    static final String POLICY = "RateLimit-Policy";
    static final String LIMIT = "RateLimit";

    private RateLimitFields() {}

    static Map<String, String> of(Quota quota, RemainingQuota left) {
        String limit = limit("requests", left.requests(), seconds(left.requests(), quota.requestsPerSecond())) + ","
                + limit("rows", left.rows(), seconds(left.rows(), quota.rowsPerSecond()));
        return fields(quota, limit);
    }

    /** Reports only the policy that was violated. Its window ends when the caller may retry. */
    static Map<String, String> of(Quota quota, QuotaDecision.Exceeded refused) {
        return fields(quota, limit(refused.limit().label(), 0, refused.retryAfterSeconds()));
    }

    private static Map<String, String> fields(Quota quota, String limit) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put(
                POLICY,
                policy("requests", quota.requestBurst(), quota.requestsPerSecond()) + ","
                        + policy("rows", quota.rowBurst(), quota.rowsPerSecond())
                        + (quota.openRequests().isPresent()
                                ? openRequests(quota.openRequests().getAsInt())
                                : ""));
        fields.put(LIMIT, limit);
        return fields;
    }

    private static String policy(String name, long burst, double perSecond) {
        return "\"" + name + "\";q=" + burst + ";w=" + seconds(burst, perSecond);
    }

    private static String openRequests(int most) {
        return ",\"" + QuotaLimit.OPEN_REQUESTS.label() + "\";q=" + most + ";qu=\"concurrent-requests\"";
    }

    private static String limit(String name, long left, long seconds) {
        return "\"" + name + "\";r=" + left + ";t=" + seconds;
    }

    private static long seconds(long tokens, double perSecond) {
        return Math.max(1, (long) Math.ceil(tokens / perSecond));
    }
}
