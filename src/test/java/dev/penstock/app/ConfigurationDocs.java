package dev.penstock.app;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.DocTree;
import com.sun.source.doctree.EntityTree;
import com.sun.source.doctree.LinkTree;
import com.sun.source.doctree.LiteralTree;
import com.sun.source.doctree.TextTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import io.smallrye.config.WithDefault;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Renders docs/configuration.md from the configuration interfaces. Order and meaning come from their sources, where each key has Javadoc;
 * types, defaults and ranges come from the compiled interfaces.
 */
final class ConfigurationDocs {
    private static final Path SOURCES = Path.of("src/main/java");
    private static final String TABLE = """
            | key, and environment variable | type | default | range | meaning |
            | --- | --- | --- | --- | --- |
            """;

    /** Javadoc by class, and by class and method, in the order of the sources. */
    private final Map<String, String> javadoc = new LinkedHashMap<>();

    private final StringBuilder page = new StringBuilder();

    private ConfigurationDocs() {}

    /** @throws IllegalStateException when a key or a group has no Javadoc */
    static String page() throws IOException {
        ConfigurationDocs docs = new ConfigurationDocs();
        List<Class<?>> mappings = ConfigKeys.mappings();
        docs.readSources(mappings);
        docs.page.append(introduction());
        for (Class<?> mapping : mappings) {
            docs.group(ConfigKeys.prefix(mapping), mapping, false);
        }
        return docs.page.toString();
    }

    private static final String INTRODUCTION = """
            # Configuration

            Every key of Penstock. The build writes this page from the Javadoc of the configuration interfaces, so change it there.

            Set keys as system properties (`-Dpenstock.worker.heartbeat=1s`), as environment variables (`PENSTOCK_WORKER_HEARTBEAT=1s`), or
            in the file `config/application.properties` of the working directory. System properties take precedence over environment
            variables, and these over the file. Every key has a default that works on one machine.

            - A **duration** is a number with a unit: `250ms`, `30s`, `10m`, `24h`, `7d`.
            - `<name>` stands for a name of your choice.
            - A list is separated by commas.

            A process checks all keys when it starts. It does not start with a value out of range, and reports every mistake at once with the
            key, the value and the range:

            ```
            Configuration validation failed:
            	penstock.ingress.sync-timeout must be {penstock.ingress.sync-timeout}, was 0s
            	penstock.worker.heartbeat must be {penstock.worker.heartbeat}, was 0s
            ```
            """;

    /** The example has the ranges that hold. */
    private static String introduction() {
        return Pattern.compile("\\{([a-z.-]+)}")
                .matcher(INTRODUCTION)
                .replaceAll(key -> ConfigRange.of(ConfigKeys.all()
                                .filter(each -> each.name().equals(key.group(1)))
                                .findFirst()
                                .orElseThrow()
                                .method())
                        .orElseThrow());
    }

    private void group(String prefix, Class<?> group, boolean isChosen) {
        page.append("\n## `")
                .append(prefix)
                .append("`\n\n")
                .append(docOf(group.getName()))
                .append('\n');
        List<Method> nested = new ArrayList<>();
        List<String> rows = new ArrayList<>();
        for (Method method : methods(group)) {
            if (ConfigKeys.nested(method).isPresent()) {
                nested.add(method);
            } else {
                rows.add(row(new ConfigKeys.Key(ConfigKeys.name(prefix, method), method, isChosen)));
            }
        }
        if (!rows.isEmpty()) {
            page.append('\n').append(TABLE);
            rows.forEach(page::append);
        }
        for (Method method : nested) {
            Class<?> inner = ConfigKeys.nested(method).orElseThrow();
            group(ConfigKeys.name(prefix, method), inner, isChosen || method.getReturnType() != inner);
        }
    }

    private String row(ConfigKeys.Key key) {
        return "| `%s`<br>`%s` | %s | %s | %s | %s |\n"
                .formatted(
                        key.name(),
                        key.variable(),
                        type(key.method()),
                        defaultOf(key),
                        (isList(key.method()) ? "each " : "")
                                + ConfigRange.of(key.method()).orElseThrow(),
                        docOf(id(key.method())).replace("|", "\\|"));
    }

    private static String type(Method key) {
        if (isList(key)) {
            return "list";
        }
        Class<?> type = element(key.getGenericReturnType());
        if (type == boolean.class) {
            return "boolean";
        }
        if (type == double.class) {
            return "number";
        }
        if (type.isPrimitive() || Number.class.isAssignableFrom(type) || type == OptionalInt.class) {
            return "integer";
        }
        if (type == String.class) {
            return "text";
        }
        if (type == URI.class) {
            return "URL";
        }
        return type.isEnum() ? "choice" : type.getSimpleName().toLowerCase(Locale.ROOT);
    }

    private static boolean isList(Method key) {
        return key.getGenericReturnType().getTypeName().matches(".*\\b(List|Set)<.*");
    }

    private static Class<?> element(Type type) {
        if (type instanceof ParameterizedType generic) {
            return element(generic.getActualTypeArguments()[generic.getActualTypeArguments().length - 1]);
        }
        return (Class<?>) type;
    }

    private static String defaultOf(ConfigKeys.Key key) {
        WithDefault value = key.method().getAnnotation(WithDefault.class);
        if (value != null) {
            return "`" + value.value() + "`"
                    + (key.name().endsWith("-bytes") ? inUnits(Long.parseLong(value.value())) : "");
        }
        boolean isOptional = key.method().getReturnType().getSimpleName().startsWith("Optional")
                || key.method().getReturnType() == Map.class;
        return isOptional || !key.isRequired() ? "not set" : "required";
    }

    private static String inUnits(long bytes) {
        return bytes % (1 << 20) == 0
                ? " (" + (bytes >> 20) + " MiB)"
                : bytes % 1024 == 0 ? " (" + (bytes >> 10) + " KiB)" : "";
    }

    private List<Method> methods(Class<?> group) {
        return javadoc.keySet().stream()
                .filter(id -> id.startsWith(group.getName() + "#"))
                .flatMap(id -> Arrays.stream(group.getDeclaredMethods())
                        .filter(method -> !method.isDefault() && id(method).equals(id)))
                .toList();
    }

    private String docOf(String id) {
        String doc = javadoc.getOrDefault(id, "");
        if (doc.isEmpty()) {
            throw new IllegalStateException(id + " has no Javadoc");
        }
        return doc;
    }

    private static String id(Method method) {
        return method.getDeclaringClass().getName() + "#" + method.getName();
    }

    private void readSources(List<Class<?>> mappings) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, Locale.ROOT, null)) {
            List<Path> sources = mappings.stream()
                    .map(mapping -> SOURCES.resolve(mapping.getName().replace('.', '/') + ".java"))
                    .toList();
            JavacTask task = (JavacTask) compiler.getTask(
                    null, files, null, List.of("-proc:none"), null, files.getJavaFileObjectsFromPaths(sources));
            DocTrees trees = DocTrees.instance(task);
            for (CompilationUnitTree unit : task.parse()) {
                new Reader(trees).scan(unit, String.valueOf(unit.getPackageName()));
            }
        }
    }

    /** Visits a source; the argument is the name of the package or class around the node. */
    private final class Reader extends TreePathScanner<Void, String> {
        private final DocTrees trees;

        Reader(DocTrees trees) {
            this.trees = trees;
        }

        @Override
        public Void visitClass(ClassTree type, String outer) {
            boolean isNested = getCurrentPath().getParentPath().getLeaf() instanceof ClassTree;
            String name = outer + (isNested ? "$" : ".") + type.getSimpleName();
            keep(name);
            return super.visitClass(type, name);
        }

        @Override
        public Void visitMethod(MethodTree method, String type) {
            keep(type + "#" + method.getName());
            return null;
        }

        private void keep(String id) {
            javadoc.put(
                    id,
                    Optional.ofNullable(trees.getDocCommentTree(getCurrentPath()))
                            .map(ConfigurationDocs::markdown)
                            .orElse(""));
        }
    }

    private static String markdown(DocCommentTree comment) {
        return comment.getFullBody().stream()
                .map(ConfigurationDocs::markdown)
                .collect(Collectors.joining())
                .replaceAll("\\s+", " ")
                .replaceAll("docs/([a-z-]+\\.md)", "[$1]($1)")
                .strip();
    }

    private static String markdown(DocTree part) {
        return switch (part) {
            case TextTree text -> text.getBody();
            case LiteralTree code -> "`" + code.getBody().getBody().strip() + "`";
            case LinkTree link -> "`" + link.getReference().getSignature() + "`";
            case EntityTree entity -> "&" + entity.getName() + ";";
            default -> throw new IllegalStateException("Javadoc of a key must be plain text, was " + part);
        };
    }
}
