package dev.penstock.bench;

import dev.penstock.model.InferenceException;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.Session;
import dev.penstock.model.Slot;
import dev.penstock.model.repository.ModelDefinition;
import dev.penstock.model.repository.ModelLoader;
import dev.penstock.model.repository.ModelRepository;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.codec.NoJsonFormException;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.protocol.codec.ResponseWriter;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.impl.VertxBuilder;
import io.vertx.core.impl.transports.JDKTransport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The least that an endpoint for one model can do, as a measure for the service: the same model, codec and HTTP library in one process,
 * with nothing between them but a queue in memory. It has no log, no deadlines, no limits, and loses everything when it ends. Each of its
 * threads runs what has arrived, up to {@value #MOST} requests together.
 *
 * <p>Arguments: port, folder of models, name of the model.
 */
final class InPlace {
    private static final int MOST = 64;
    private static final RequestReader READER = new RequestReader(ReaderLimits.HIGHEST);

    private record Call(HttpServerRequest http, Context context, InferenceRequest request) {}

    private final BlockingQueue<Call> queue = new LinkedBlockingQueue<>();
    private final String model;
    private final Session session;

    private InPlace(String model, Session session) {
        this.model = model;
        this.session = session;
    }

    public static void main(String[] arguments) throws IOException, ModelRefusedException {
        String model = arguments[2];
        ModelDefinition definition = new ModelRepository(Path.of(arguments[1]), Integer.MAX_VALUE)
                .scan().found().stream()
                        .filter(each -> each.name().equals(model))
                        .findFirst()
                        .orElseThrow();
        InPlace endpoint = new InPlace(model, new ModelLoader().load(definition).session());
        endpoint.serve(Integer.parseInt(arguments[0]));
    }

    private void serve(int port) {
        for (int i = 0; i < session.concurrentRuns(); i++) {
            Thread.ofPlatform().name("run-" + i).start(this::run);
        }
        HttpServerOptions options = new HttpServerOptions().setHost("127.0.0.1").setPort(port);
        // Without the timeouts that the service gives to the connections of every Vert.x in its class path.
        Vertx vertx = new VertxBuilder()
                .init()
                .findTransport(JDKTransport.INSTANCE)
                .vertx()
                .exceptionHandler(InPlace::end);
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            // Each on an event loop of its own.
            vertx.runOnContext(now -> vertx.createHttpServer(options)
                    .requestHandler(http -> accept(http, vertx.getOrCreateContext()))
                    .listen()
                    .onFailure(InPlace::end));
        }
    }

    private static void end(Throwable reason) {
        reason.printStackTrace();
        System.exit(1);
    }

    private void accept(HttpServerRequest http, Context context) {
        if (HttpMethod.GET.equals(http.method())) {
            http.response().end();
            return;
        }
        http.bodyHandler(body -> {
            try {
                byte[] bytes = body.getBytes();
                String jsonLength = http.getHeader(Payload.JSON_LENGTH_HEADER);
                Payload payload = jsonLength == null
                        ? Payload.json(bytes)
                        : Payload.binary(ByteBuffer.wrap(bytes), Integer.parseInt(jsonLength));
                queue.add(new Call(http, context, READER.read(payload, session.signature())));
            } catch (InvalidRequestException refused) {
                http.response().setStatusCode(400).end(refused.getMessage());
            }
        });
    }

    private void run() {
        try (Slot slot = session.openSlot()) {
            List<Call> calls = new ArrayList<>();
            while (true) {
                calls.clear();
                calls.add(queue.take());
                queue.drainTo(calls, MOST - 1);
                answer(slot, calls);
            }
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }

    private void answer(Slot slot, List<Call> calls) {
        try {
            slot.assemble(calls.stream().map(call -> call.request().inputs()).toList());
            List<Tensor> outputs = slot.run();
            long row = 0;
            for (Call call : calls) {
                long rows = call.request().inputs().getFirst().shape().rows();
                send(call, written(call.request(), outputs, row, rows));
                row += rows;
            }
        } catch (InferenceException | NoJsonFormException failed) {
            calls.forEach(call -> call.context()
                    .runOnContext(
                            now -> call.http().response().setStatusCode(500).end(failed.getMessage())));
        }
    }

    private Payload written(InferenceRequest request, List<Tensor> outputs, long row, long rows)
            throws NoJsonFormException {
        List<Tensor> own = outputs.stream()
                .filter(output -> request.outputs().isEmpty()
                        || request.outputs().stream()
                                .anyMatch(each -> each.name().equals(output.name())))
                .map(output -> output.rows(row, rows))
                .toList();
        return ResponseWriter.write(
                new InferenceResponse(model, "1", request.id(), Map.of(), own), request::wantsBinary, NonFinite.TEXT);
    }

    private static void send(Call call, Payload payload) {
        byte[] bytes = new byte[payload.bytes().remaining()];
        payload.bytes().duplicate().get(bytes);
        call.context().runOnContext(now -> {
            payload.jsonLength()
                    .ifPresent(length ->
                            call.http().response().putHeader(Payload.JSON_LENGTH_HEADER, Integer.toString(length)));
            call.http().response().end(Buffer.buffer(bytes));
        });
    }
}
