package dev.penstock.ingress;

import dev.penstock.ingress.call.CallCheck;
import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.ingress.gate.QuotaCheck;
import dev.penstock.ingress.outcomes.KeptOutcomes;
import dev.penstock.ingress.submit.AwaitedCalls;
import dev.penstock.ingress.submit.CallStatistics;
import dev.penstock.ingress.submit.Cancellation;
import dev.penstock.ingress.submit.IdempotentSubmissions;
import dev.penstock.ingress.submit.Submissions;

/** The parts of the ingress role that the doors use: HTTP resources, filters and the services of gRPC. */
public record IngressParts(
        Catalogue catalogue,
        CallCheck check,
        QuotaCheck quotas,
        RequestIdIssuer ids,
        AwaitedCalls awaitedCalls,
        Submissions submissions,
        IdempotentSubmissions idempotentSubmissions,
        KeptOutcomes outcomes,
        Cancellation cancellation,
        CallStatistics statistics) {}
