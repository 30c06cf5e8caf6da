package dev.penstock.zoo;

import dev.penstock.zoo.reference.Reference;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

    void run(List<ModelFile> models) throws IOException, InterruptedException {
        for (int i = 0; i < models.size(); i += atOnce) {
            waiting.add(models.subList(i, Math.min(models.size(), i + atOnce)));
        }
        Map<ModelFile, Reference> references = new HashMap<>();
        while (!waiting.isEmpty()) {
            List<ModelFile> chunk = waiting.poll();
            for (ModelFile model : chunk) {
                if (!references.containsKey(model)) {
                    references.put(model, oracle.of(model.file(), model.dataSets()));
                }
            }
            List<ModelFile> pending = serve(chunk, references);
            references.keySet().retainAll(pending);
            report.progress();
        }
    }

    /** Returns the models that got no verdict. */
    private List<ModelFile> serve(List<ModelFile> chunk, Map<ModelFile, Reference> references)
            throws IOException, InterruptedException {
        repository.fill(chunk);
        Map<String, ModelFile> pending = new LinkedHashMap<>();
        for (int i = 0; i < chunk.size(); i++) {
            pending.put(ZooRepository.name(i), chunk.get(i));
        }
        try (Server service = starter.start(repository.folder())) {
            for (String name : awaitLoaded(service, pending, references)) {
                if (service.isAlive()) {
                    Reference reference = references.get(pending.get(name));
                    Verdict verdict = new Judge(body -> service.send(name, body), reference).judge();
                    report.add(pending.remove(name), reference, service.isAlive() ? verdict : broke());
                }
            }
        } catch (Server.EndedException ended) {
            // All are pending.
        }
        List<ModelFile> left = List.copyOf(pending.values());
        again(left, left.size() < chunk.size(), references);
        return left;
    }

    private static Verdict broke() {
        return new Verdict.Broke("the service ended during a call");
    }

    /** Reports the models that are refused, and returns those that are ready. The others stay pending. */
    private List<String> awaitLoaded(
            Server service, Map<String, ModelFile> pending, Map<ModelFile, Reference> references)
            throws IOException, InterruptedException {
        List<String> ready = new ArrayList<>();
        long lastNanos = System.nanoTime();
        while (ready.size() < pending.size() && service.isAlive()) {
            int before = ready.size() - pending.size();
            for (Map.Entry<String, String> refusal : service.refusals().entrySet()) {
                ModelFile model = pending.remove(refusal.getKey());
                if (model != null) {
                    report.add(model, references.get(model), new Verdict.Refused(refusal.getValue()));
                }
            }
            for (String name : pending.keySet()) {
                if (!ready.contains(name) && service.isReady(name)) {
                    ready.add(name);
                }
            }
            if (ready.size() - pending.size() > before) {
                lastNanos = System.nanoTime();
            } else if (System.nanoTime() - lastNanos > limit.toNanos()) {
                return ready;
            }
            if (ready.size() < pending.size()) {
                Thread.sleep(LOOK.toMillis());
            }
        }
        return ready;
    }

    /** @param isFewer whether some of the chunk got a verdict: then the others may well be innocent */
    private void again(List<ModelFile> pending, boolean isFewer, Map<ModelFile, Reference> references) {
        if (pending.isEmpty()) {
            return;
        }
        if (isFewer) {
            waiting.addFirst(pending);
        } else if (pending.size() == 1) {
            ModelFile guilty = pending.getFirst();
            report.add(
                    guilty, references.get(guilty), new Verdict.Broke("the service ended, or held up, while it loaded"));
        } else {
            int half = pending.size() / 2;
            waiting.addFirst(pending.subList(half, pending.size()));
            waiting.addFirst(pending.subList(0, half));
        }
    }
}
