package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import ai.onnxruntime.OrtException;
import com.google.protobuf.ByteString;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.RequestReader;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelInferRequest.InferInputTensor;
import inference.GrpcService.ModelInferRequest.InferRequestedOutputTensor;
import inference.GrpcService.ModelInferResponse;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Measures the same rows in three forms, in turns: JSON and the binary form over HTTP/1.1, and raw contents over gRPC. */
final class FormsBench {
    private static final Duration SETTLE = Duration.ofSeconds(1);
    private static final RequestReader READER = new RequestReader(ReaderLimits.HIGHEST);

    record Settings(String model, int callers, int seconds, int warmUpSeconds, int rounds) {}

    /** @param micros processor time of the service for each answer, without that of the client */
    record Round(LoadResult load, double micros) {}

    private interface Drive {
        LoadResult run(Duration warmUp, Duration lasting) throws IOException, InterruptedException;
    }

    private final Settings settings;
    private final PrintStream out;

    FormsBench(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /** Prints the table, writes the report, and returns the number of errors. */
    long run() throws IOException, OrtException, InterruptedException {
        Workload workload = Workload.named(settings.model());
        try (LocalService service = LocalService.start(
                LocalService.Setup.of(BatchingBench.serve(workload, Processor.CPU), List.of(workload.model())))) {
            Map<String, Drive> forms = forms(service.target(), workload);
            warmUp(forms);
            Map<String, List<Round>> rounds = new LinkedHashMap<>();
            for (int round = 1; round <= settings.rounds(); round++) {
                for (Map.Entry<String, Drive> form : forms.entrySet()) {
                    Round result = measure(form.getValue(), service);
                    out.printf(
                            "round %d of %d: %-8s %,9.0f/s, %.0f us, %d errors%n",
                            round,
                            settings.rounds(),
                            form.getKey(),
                            result.load.throughputPerSecond(),
                            result.micros,
                            result.load.errors());
                    rounds.computeIfAbsent(form.getKey(), name -> new ArrayList<>())
                            .add(result);
                }
            }
            return report(rounds);
        }
    }

    private Round measure(Drive form, LocalService service) throws IOException, InterruptedException {
        Duration cpu = service.cpu();
        LoadResult load = form.run(Duration.ZERO, SETTLE.plusSeconds(settings.seconds()));
        double micros = service.cpu().minus(cpu).toNanos() / 1e3;
        return new Round(load, micros / Math.max(1, load.succeeded()));
    }

    private void warmUp(Map<String, Drive> forms) throws IOException, InterruptedException {
        if (settings.warmUpSeconds() > 0) {
            out.printf("warm-up: %d s%n", settings.warmUpSeconds());
            Duration each = Duration.ofSeconds(settings.warmUpSeconds()).dividedBy(forms.size());
            for (Drive form : forms.values()) {
                form.run(Duration.ZERO, each);
            }
        }
    }

    private Map<String, Drive> forms(Target target, Workload workload) throws OrtException {
        WorkloadCorpus json = new WorkloadCorpus(workload, false);
        WorkloadCorpus binary = new WorkloadCorpus(workload, true);
        URI infer = target.infer(workload.model());
        PostTemplate inJson = new PostTemplate(infer, List.of());
        PostTemplate inBinary = PostTemplate.binary(infer, binary.jsonLength(), List.of());
        Map<String, Drive> forms = new LinkedHashMap<>();
        forms.put("JSON", http(target, json, inJson));
        forms.put("binary", http(target, binary, inBinary));
        forms.put("gRPC raw", grpc(target, binary, workload));
        return forms;
    }

    private Drive http(Target target, WorkloadCorpus corpus, PostTemplate post) {
        HttpLoad load = HttpLoad.of(target.http(), i -> post.with(corpus.body(i)))
                .withConnections(settings.callers())
                .withCheck((i, status, body) -> corpus.check(i, body));
        return (warmUp, lasting) -> load.withWarmUp(warmUp)
                .withExtent(new HttpLoad.Lasting(lasting))
                .run();
    }

    private Drive grpc(Target target, WorkloadCorpus corpus, Workload workload) {
        return (warmUp, lasting) -> new GrpcLoad(
                        target.http(),
                        i -> message(corpus, workload, i),
                        settings.callers(),
                        warmUp,
                        lasting,
                        (i, answer) -> corpus.check(i, body(answer)))
                .run();
    }

    /** The body of the binary form as a message. */
    private static byte[] message(WorkloadCorpus corpus, Workload workload, int i) {
        InferenceRequest request;
        try {
            request = READER.read(Payload.binary(ByteBuffer.wrap(corpus.body(i)), corpus.jsonLength()));
        } catch (InvalidRequestException ofOurs) {
            throw new IllegalStateException(ofOurs);
        }
        ModelInferRequest.Builder message = ModelInferRequest.newBuilder()
                .setModelName(workload.model())
                .setId(request.id().orElseThrow())
                .addOutputs(InferRequestedOutputTensor.newBuilder().setName(workload.output()));
        for (Tensor input : request.inputs()) {
            InferInputTensor.Builder tensor = message.addInputsBuilder()
                    .setName(input.name())
                    .setDatatype(input.datatype().name());
            for (long dimension : input.shape().toArray()) {
                tensor.addShape(dimension);
            }
            message.addRawInputContents(ByteString.copyFrom(input.data().duplicate()));
        }
        return message.build().toByteArray();
    }

    /** The answer as the corpus checks it: its id in JSON, and the output behind it. */
    private static byte[] body(ModelInferResponse answer) {
        byte[] head = ("{\"id\":\"" + answer.getId() + "\"}").getBytes(US_ASCII);
        ByteString output = answer.getRawOutputContents(0);
        byte[] body = new byte[head.length + output.size()];
        System.arraycopy(head, 0, body, 0, head.length);
        output.copyTo(body, head.length);
        return body;
    }

    private long report(Map<String, List<Round>> rounds) throws IOException {
        double json =
                SyncBench.median(rounds.getOrDefault("JSON", List.of()), round -> round.load.throughputPerSecond());
        Table table = new Table("form", "requests/s", "of JSON", "p50 ms", "p99 ms", "us of the service", "errors");
        rounds.forEach((form, results) -> table.add(
                form,
                SyncBench.spread("%,.0f", results, round -> round.load.throughputPerSecond()),
                "%.2f".formatted(SyncBench.median(results, round -> round.load.throughputPerSecond()) / json),
                SyncBench.spread("%.2f", results, round -> round.load.latency().p50Millis()),
                SyncBench.spread("%.2f", results, round -> round.load.latency().p99Millis()),
                SyncBench.spread("%.0f", results, Round::micros),
                Long.toString(
                        results.stream().mapToLong(round -> round.load.errors()).sum())));
        out.println();
        out.print(table);
        out.println("median of " + settings.rounds() + " rounds (lowest-highest), " + settings.callers()
                + " callers; every response is checked");
        out.println("wrote " + Report.now("forms", settings, rounds).write());
        return rounds.values().stream()
                .flatMap(List::stream)
                .mapToLong(round -> round.load.errors())
                .sum();
    }
}
