package dev.penstock.zoo;

import dev.penstock.zoo.reference.Reference;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Serves models a few at a time, and judges each. When the service ends while it loads, or a model does not become ready, those without a
 * verdict are served again in halves, until the guilty one is alone. When it ends during a call, the model of that call is guilty.
 */
final class ZooRun {
    private static final Duration LOOK = Duration.ofMillis(200);

    /** Finds out what ONNX Runtime itself answers. */
    @FunctionalInterface
    interface Oracle {
        Reference of(Path model, List<Path> dataSets) throws IOException, InterruptedException;
    }

    private final ZooRepository repository;
    private final Oracle oracle;
    private final Server.Starter starter;
    private final int atOnce;
    private final Duration limit;
    private final ZooReport report;
    private final Deque<List<ModelFile>> waiting = new ArrayDeque<>();

    /**
     * @param atOnce the most models in one process
     * @param limit for a model to load
     */
    ZooRun(
            ZooRepository repository,
            Oracle oracle,
            Server.Starter starter,
            int atOnce,
            Duration limit,
            ZooReport report) {
        this.repository = repository;
        this.oracle = oracle;
        this.starter = starter;
        this.atOnce = atOnce;
        this.limit = limit;
        this.report = report;
    }

    /** A model that is being served. */
    private record Exhibit(ModelFile model, Reference reference) {}

    void run(List<ModelFile> models) throws IOException, InterruptedException {
        for (int i = 0; i < models.size(); i += atOnce) {
            waiting.add(models.subList(i, Math.min(models.size(), i + atOnce)));
        }
        while (!waiting.isEmpty()) {
            serve(waiting.pop());
            report.progress();
        }
    }

    private void serve(List<ModelFile> chunk) throws IOException, InterruptedException {
        repository.fill(chunk);
        Map<String, Exhibit> pending = new LinkedHashMap<>();
        for (int i = 0; i < chunk.size(); i++) {
            ModelFile model = chunk.get(i);
            pending.put(ZooRepository.name(i), new Exhibit(model, oracle.of(model.file(), model.dataSets())));
        }
        try (Server service = starter.start(repository.folder())) {
            awaitLoaded(service, pending);
            for (Map.Entry<String, Exhibit> each : List.copyOf(pending.entrySet())) {
                if (service.isAlive() && service.isReady(each.getKey())) {
                    judge(service, each.getKey(), each.getValue());
                    pending.remove(each.getKey());
                }
            }
        } catch (Server.EndedException ended) {
            // All are pending.
        }
        again(pending.values().stream().map(Exhibit::model).toList(), pending.size() < chunk.size());
    }

    private void judge(Server service, String name, Exhibit exhibit) throws InterruptedException {
        Verdict verdict = new Judge(body -> service.send(name, body), exhibit.reference()).judge();
        report.add(
                exhibit.model(),
                exhibit.reference(),
                service.isAlive() ? verdict : new Verdict.Broke("the service ended during a call"));
    }

    /** Waits until all models are ready or refused, or none became so for as long as a model may take. Reports those that are refused. */
    private void awaitLoaded(Server service, Map<String, Exhibit> pending) throws IOException, InterruptedException {
        Set<String> loading = new LinkedHashSet<>(pending.keySet());
        long lastNanos = System.nanoTime();
        while (service.isAlive() && !loading.isEmpty() && System.nanoTime() - lastNanos < limit.toNanos()) {
            int before = loading.size();
            for (Map.Entry<String, String> refusal : service.refusals().entrySet()) {
                Exhibit exhibit = pending.remove(refusal.getKey());
                if (exhibit != null) {
                    loading.remove(refusal.getKey());
                    report.add(exhibit.model(), exhibit.reference(), new Verdict.Refused(refusal.getValue()));
                }
            }
            for (String name : List.copyOf(loading)) {
                if (service.isReady(name)) {
                    loading.remove(name);
                }
            }
            if (loading.size() < before) {
                lastNanos = System.nanoTime();
            } else {
                Thread.sleep(LOOK.toMillis());
            }
        }
    }

    /** @param isFewer whether some of the chunk got a verdict: then the others may well be innocent */
    private void again(List<ModelFile> pending, boolean isFewer) throws IOException, InterruptedException {
        if (pending.isEmpty()) {
            return;
        }
        if (isFewer) {
            waiting.push(pending);
        } else if (pending.size() == 1) {
            ModelFile guilty = pending.getFirst();
            report.add(
                    guilty,
                    oracle.of(guilty.file(), guilty.dataSets()),
                    new Verdict.Broke("the service ended, or held up, while it loaded"));
        } else {
            int half = pending.size() / 2;
            waiting.push(pending.subList(half, pending.size()));
            waiting.push(pending.subList(0, half));
        }
    }
}
