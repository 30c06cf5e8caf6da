package dev.penstock.kubernetes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Everything that can be applied: all overlays, and combinations of components, so that each component is in one. */
final class Rendered {
    static final Path KUBERNETES = Path.of("kubernetes");

    static final Path OVERLAYS = KUBERNETES.resolve("overlays");

    /** Components on top of the base, by the name of the combination. */
    private static final Map<String, List<String>> COMBINATIONS = Map.of(
            "models on a volume, no spare",
            List.of("components/models-volume", "components/no-spare", "components/scrape-annotations"),
            "recipe by HPA",
            List.of(
                    "components/gpu",
                    "components/models-store",
                    "monitoring",
                    "components/hpa",
                    "components/hpa-recipe"),
            "recipe by KEDA",
            List.of(
                    "components/gpu",
                    "components/models-store",
                    "monitoring",
                    "components/keda",
                    "components/keda-zero",
                    "components/keda-recipe"),
            "Strimzi on GPUs, by KEDA",
            List.of(
                    "components/gpu",
                    "components/no-spare",
                    "components/models-image",
                    "monitoring",
                    "components/strimzi",
                    "components/keda",
                    "components/keda-strimzi"));

    private static final Map<String, Manifests> CACHE = new ConcurrentHashMap<>();

    private Rendered() {}

    /** Overlays and combinations. */
    static Stream<Manifests> all() {
        return Stream.concat(
                names().map(Rendered::overlay), COMBINATIONS.keySet().stream().map(Rendered::combination));
    }

    static Manifests overlay(String name) {
        return CACHE.computeIfAbsent(name, each -> render(each, OVERLAYS.resolve(each)));
    }

    /** The overlay or the combination of this name. */
    static Manifests get(String name) {
        return COMBINATIONS.containsKey(name) ? combination(name) : overlay(name);
    }

    /** The rules of prometheus-adapter, which go into another namespace. */
    static Manifests adapter() {
        return CACHE.computeIfAbsent("adapter", each -> render(each, KUBERNETES.resolve("adapter")));
    }

    static Stream<String> names() {
        return folders(OVERLAYS);
    }

    static Stream<String> folders(Path parent) {
        try (Stream<Path> folders = Files.list(parent)) {
            return folders.map(folder -> folder.getFileName().toString()).sorted().toList().stream();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /** The folders that the combinations use, relative to kubernetes/. */
    static Stream<String> combined() {
        return COMBINATIONS.values().stream().flatMap(List::stream);
    }

    private static Manifests combination(String name) {
        return CACHE.computeIfAbsent(name, each -> render(each, written(each)));
    }

    private static Path written(String combination) {
        try {
            Path folder = Files.createDirectories(Path.of("target/kustomize", combination.replaceAll("\\W+", "-")));
            List<String> lines = new ArrayList<>();
            lines.add("namespace: penstock");
            lines.add("resources: [../../../kubernetes/base]");
            lines.add(COMBINATIONS.getOrDefault(combination, List.of()).stream()
                    .map(component -> "../../../kubernetes/" + component)
                    .collect(Collectors.joining(", ", "components: [", "]")));
            Files.write(folder.resolve("kustomization.yaml"), lines);
            return folder;
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private static Manifests render(String name, Path folder) {
        try {
            return Manifests.parse(name, Kustomize.render(folder));
        } catch (IOException broken) {
            throw new UncheckedIOException(name, broken);
        }
    }
}
