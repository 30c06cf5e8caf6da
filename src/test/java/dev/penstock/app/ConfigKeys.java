package dev.penstock.app;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.common.utils.StringUtil;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The keys of all configuration interfaces, by reflection. */
final class ConfigKeys {
    private static final List<String> FIRST = List.of("penstock", "penstock.ingress", "penstock.worker");

    /** Found once: it reads all classes. */
    private static final List<Class<?>> MAPPINGS = findMappings();

    private ConfigKeys() {}

    /**
     * A key that an operator can set.
     *
     * @param name as in application.properties; {@code <name>} stands for a name of the operator's choice
     * @param isRequired whether it must be given once its group is
     */
    record Key(String name, Method method, boolean isRequired) {
        /** The environment variable that sets it. */
        String variable() {
            String quoted = name.replace("\"<name>\"", "_<NAME>_");
            return quoted.replaceAll("[^A-Za-z0-9<>_]", "_").toUpperCase(Locale.ROOT);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** Every interface that maps configuration: the shared keys, the roles, the rest. */
    static List<Class<?>> mappings() {
        return MAPPINGS;
    }

    private static List<Class<?>> findMappings() {
        return new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("dev.penstock").stream()
                        .filter(type -> type.isAnnotatedWith(ConfigMapping.class))
                        .<Class<?>>map(type -> type.reflect())
                        .sorted(Comparator.comparingInt(ConfigKeys::place).thenComparing(ConfigKeys::prefix))
                        .toList();
    }

    static Stream<Key> all() {
        return mappings().stream().flatMap(mapping -> of(prefix(mapping), mapping, false));
    }

    private static int place(Class<?> mapping) {
        int place = FIRST.indexOf(prefix(mapping));
        return place < 0 ? FIRST.size() : place;
    }

    static String prefix(Class<?> mapping) {
        return mapping.getAnnotation(ConfigMapping.class).prefix();
    }

    private static Stream<Key> of(String prefix, Class<?> group, boolean isChosen) {
        return Arrays.stream(group.getDeclaredMethods())
                .filter(method -> !method.isDefault() && !method.isSynthetic())
                .flatMap(method -> of(prefix, method, isChosen));
    }

    private static Stream<Key> of(String prefix, Method method, boolean isChosen) {
        return nested(method)
                .map(group -> of(name(prefix, method), group, isChosen || method.getReturnType() != group))
                .orElseGet(() -> Stream.of(new Key(name(prefix, method), method, isChosen)));
    }

    static String name(String prefix, Method method) {
        String name = prefix + "." + StringUtil.skewer(method.getName());
        if (method.getReturnType() != Map.class) {
            return name;
        }
        return nested(method).isPresent() ? name + ".<name>" : name + ".\"<name>\"";
    }

    /** The group of keys that the method leads to, directly, as an option, or by name. */
    static Optional<Class<?>> nested(Method method) {
        Type type = method.getGenericReturnType();
        if (type instanceof ParameterizedType generic) {
            type = generic.getActualTypeArguments()[generic.getActualTypeArguments().length - 1];
        }
        return type instanceof Class<?> group
                        && group.isInterface()
                        && group.getName().startsWith("dev.penstock")
                ? Optional.of(group)
                : Optional.empty();
    }
}
