package dev.penstock.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.CorrelationId;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.messages.TraceContext;
import dev.penstock.protocol.Problem;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.prometheus.client.exemplars.Exemplar;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class OpenTelemetryTracingTest {
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String PARENT = "00f067aa0ba902b7";
    private static final TraceContext SAMPLED = TraceContext.of("00-" + TRACE + "-" + PARENT + "-01", List.of("a=1"));
    private static final TraceContext UNSAMPLED = TraceContext.of("00-" + TRACE + "-" + PARENT + "-00", List.of());
    private static final Timings TIMINGS = new Timings(1, 0, 2, 3);

    private final List<SpanData> spans = new CopyOnWriteArrayList<>();

    @Test
    void aCallIsOneTraceFromHttpToTheReply() {
        OpenTelemetryTracing tracing = tracing(0);
        CallTrace call = tracing.call(call(SAMPLED));
        TraceContext ofRecord = call.publishing("id-1", "digits", "penstock.digits.requests");
        call.published(true);
        RequestTrace request = tracing.taken(record(ofRecord));
        request.lookedUp("fresh", 1000);
        request.batch(List.of(request)).ran(run(Optional.empty()));
        request.outcome("digits", "1", new Outcome.Expired(), TIMINGS);
        request.replying("penstock.replies");
        TraceContext ofReply = request.replyContext().orElseThrow();
        request.replied(true);
        request.settled();
        call.answered(504, true);

        SpanData server = span("POST /v2/models/{model}/infer");
        SpanData sending = span("send penstock.digits.requests");
        SpanData process = span("process penstock.digits.requests");
        assertThat(server.getParentSpanId()).isEqualTo(PARENT);
        assertThat(server.getKind()).isEqualTo(SpanKind.SERVER);
        assertThat(server.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(server.getAttributes().get(Names.STATUS)).isEqualTo(504);
        assertThat(sending.getParentSpanId()).isEqualTo(server.getSpanId());
        assertThat(process.getParentSpanId()).isEqualTo(sending.getSpanId());
        assertThat(process.getAttributes().get(Names.OUTCOME)).isEqualTo("expired");
        assertThat(process.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        for (String child : List.of("features", "queue", "run", "send penstock.replies")) {
            assertThat(span(child).getParentSpanId()).as(child).isEqualTo(process.getSpanId());
        }
        assertThat(spans.stream().filter(span -> !span.getName().equals("batch")))
                .allSatisfy(span -> assertThat(span.getTraceId()).isEqualTo(TRACE));
        assertThat(ofReply.parent())
                .contains("00-" + TRACE + "-" + span("send penstock.replies").getSpanId() + "-01");
        assertThat(ofReply.state()).contains("a=1");
    }

    @Test
    void theBatchLinksToItsSampledMembersAndTheirRunsLinkToIt() {
        OpenTelemetryTracing tracing = tracing(0);
        RequestTrace one = tracing.taken(record(SAMPLED));
        RequestTrace other = tracing.taken(record(SAMPLED));

        one.batch(List.of(one, other)).ran(run(Optional.of("OUT_OF_MEMORY")));
        one.settled();
        other.settled();

        SpanData batch = span("batch");
        assertThat(batch.getTraceId()).isNotEqualTo(TRACE);
        assertThat(batch.getAttributes().get(Names.BATCH_ROWS)).isEqualTo(4);
        assertThat(batch.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(linked(batch))
                .containsExactlyElementsOf(all("process penstock.digits.requests").stream()
                        .map(SpanData::getSpanId)
                        .toList());
        assertThat(all("run"))
                .hasSize(2)
                .allSatisfy(run -> assertThat(linked(run)).containsExactly(batch.getSpanId()));
    }

    @Test
    void theTraceOfABatchThatRunsElsewhereGoesOnThere() {
        RequestTrace request = tracing(0).taken(record(SAMPLED));
        BatchTrace batch = request.batch(List.of(request));

        TraceContext sent = batch.sent();
        batch.ran(run(Optional.empty()));

        SpanData span = span("batch");
        assertThat(span.getKind()).isEqualTo(SpanKind.CLIENT);
        assertThat(sent.parent()).contains("00-" + span.getTraceId() + "-" + span.getSpanId() + "-01");
        assertThat(linked(span("run"))).containsExactly(span.getSpanId());
    }

    @Test
    void whatItsSenderDoesNotRecordHasNoSpansAndItsContextGoesOn() {
        OpenTelemetryTracing tracing = tracing(1);

        CallTrace call = tracing.call(call(UNSAMPLED));
        RequestTrace request = tracing.taken(record(UNSAMPLED));

        assertThat(call.publishing("id", "digits", "t")).isEqualTo(UNSAMPLED);
        assertThat(request).isSameAs(RequestTrace.NONE);
        assertThat(spans).isEmpty();
    }

    @Test
    void aWorkerDoesNotSampleWhatTheIngressHasNotSampled() {
        OpenTelemetryTracing tracing = tracing(0);

        TraceContext ofRecord = tracing.call(call(TraceContext.NONE)).publishing("id", "digits", "t");

        assertThat(ofRecord.isUnsampled()).isTrue();
        assertThat(tracing(1).taken(record(ofRecord))).isSameAs(RequestTrace.NONE);
    }

    @Test
    void samplesForeignRecordsByTheRatio() {
        assertThat(tracing(1).taken(record(TraceContext.NONE)).isTraced()).isTrue();
        assertThat(tracing(0).taken(record(TraceContext.NONE)).isTraced()).isFalse();
    }

    @Test
    void aFailureNamesItsKindAndQuotesNothing() {
        RequestTrace request = tracing(0).taken(record(SAMPLED));

        request.outcome(
                "digits",
                "1",
                new Outcome.Failed(Problem.of(Problem.Kind.INVALID_REQUEST, "must be 1, was 'secret'")),
                TIMINGS);
        request.settled();

        SpanData process = span("process penstock.digits.requests");
        assertThat(process.getAttributes().get(Names.ERROR)).isEqualTo(Problem.PREFIX + "invalid-request");
        assertThat(process.toString()).doesNotContain("secret");
    }

    @Test
    void aMeasurementHasItsTraceAsExemplar() {
        RequestTrace request = tracing(0).taken(record(SAMPLED));
        List<Exemplar> exemplars = new ArrayList<>();

        request.asExample(() -> exemplars.add(Example.sampler().sample(0.1, 0, 1, null)));

        assertThat(exemplars.getFirst().getLabelValue(1)).isIn(TRACE, span(request));
        assertThat(Example.sampler().sample(0.1, 0, 1, null)).isNull();
    }

    private String span(RequestTrace request) {
        request.settled();
        return spans.getLast().getSpanId();
    }

    private OpenTelemetryTracing tracing(double ratio) {
        return new OpenTelemetryTracing(OpenTelemetrySdk.builder()
                .setTracerProvider(SdkTracerProvider.builder()
                        .setSampler(new LinkedSampler(ratio))
                        .addSpanProcessor(SimpleSpanProcessor.create(new Kept()))
                        .build())
                .build());
    }

    private static Tracing.HttpCall call(TraceContext context) {
        return new Tracing.HttpCall(
                context, "POST", "/v2/models/{model}/infer", "/v2/models/digits/infer", "http", "1.1");
    }

    private static Tracing.Taken record(TraceContext context) {
        return new Tracing.Taken(context, "penstock.digits.requests", 3, 7, CorrelationId.of("id-1"), 100);
    }

    private static BatchTrace.Run run(Optional<String> error) {
        return new BatchTrace.Run(4, 2, System.nanoTime(), System.nanoTime(), error);
    }

    private SpanData span(String name) {
        assertThat(all(name)).as("spans %s in %s", name, spans).hasSize(1);
        return all(name).getFirst();
    }

    private List<SpanData> all(String name) {
        return spans.stream().filter(span -> span.getName().equals(name)).toList();
    }

    private static List<String> linked(SpanData span) {
        return span.getLinks().stream()
                .map(LinkData::getSpanContext)
                .map(context -> context.getSpanId())
                .toList();
    }

    private final class Kept implements SpanExporter {
        @Override
        public CompletableResultCode export(Collection<SpanData> ended) {
            spans.addAll(ended);
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode flush() {
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode shutdown() {
            return CompletableResultCode.ofSuccess();
        }
    }
}
