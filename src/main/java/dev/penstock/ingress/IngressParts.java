package dev.penstock.ingress;

import dev.penstock.ingress.call.CallCheck;
import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.ingress.gate.QuotaCheck;
import dev.penstock.ingress.outcomes.KeptOutcomes;
import dev.penstock.ingress.submit.CallStatistics;
import dev.penstock.ingress.submit.Cancellation;
import dev.penstock.ingress.submit.IdempotentSubmissions;
import dev.penstock.ingress.submit.Submissions;
import dev.penstock.ingress.submit.SynchronousCalls;

/** The parts of the ingress role that HTTP resources and filters use. */
public record IngressParts(
        Catalogue catalogue,
        CallCheck check,
        QuotaCheck quotas,
        RequestIdIssuer ids,
        SynchronousCalls synchronousCalls,
        Submissions submissions,
        IdempotentSubmissions idempotentSubmissions,
        KeptOutcomes outcomes,
        Cancellation cancellation,
        CallStatistics statistics) {}
