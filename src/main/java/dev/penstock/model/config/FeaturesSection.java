package dev.penstock.model.config;

import dev.penstock.model.ModelRefusedException;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The section {@code features} of model.yaml: requests name an entity, and columns of an input are looked up.
 *
 * @param entity {@code entity}: the input that requests send instead
 * @param datatype {@code entity_datatype}: BYTES, or an integer
 * @param view {@code view}, and {@code version}, which is to be raised when the same names come to mean something else
 * @param names {@code names}: the features, in the order of the columns
 * @param input {@code input}: whose columns they are; may be left out when the model has one input
 * @param fromColumn {@code from_column}: the first of them; all others still come with the request
 * @param defaults the key is called default: one value a feature, for policies that say so and for single features without a value
 * @param onMissing {@code on_missing}: when the source has no such entity
 * @param onUnavailable {@code on_unavailable}: when nobody can say
 * @param source {@code source}: as under {@code penstock.features.sources}
 */
public record FeaturesSection(
        String entity,
        Datatype datatype,
        String view,
        int version,
        List<String> names,
        Optional<String> input,
        int fromColumn,
        List<Float> defaults,
        Fallback onMissing,
        Fallback onUnavailable,
        String source) {
    private static final int MOST_COLUMNS = 4096;

    /** What stands in where there are no fresh values. */
    public enum Fallback {
        /** The default vector. */
        DEFAULT,
        /** The last values, up to an age; where there are none, the default vector if there is one, else as {@code fail}. */
        STALE,
        /** Nothing: the request fails. */
        FAIL
    }

    public FeaturesSection {
        names = List.copyOf(names);
        defaults = List.copyOf(defaults);
    }

    static Optional<FeaturesSection> read(YamlSection yaml) throws ModelRefusedException {
        if (yaml.keys().isEmpty()) {
            return Optional.empty();
        }
        List<Float> defaults = yaml.numbers("default", MOST_COLUMNS);
        Fallback otherwise = defaults.isEmpty() ? Fallback.FAIL : Fallback.DEFAULT;
        FeaturesSection section = new FeaturesSection(
                required(yaml, "entity"),
                yaml.text("entity_datatype").flatMap(Datatype::named).orElse(Datatype.BYTES),
                required(yaml, "view"),
                yaml.integer("version", 1, Integer.MAX_VALUE, 1),
                yaml.texts("names", MOST_COLUMNS),
                yaml.text("input"),
                yaml.integer("from_column", 0, MOST_COLUMNS, 0),
                defaults,
                yaml.choice("on_missing", Fallback.class).orElse(otherwise),
                yaml.choice("on_unavailable", Fallback.class).orElse(otherwise),
                required(yaml, "source"));
        yaml.refuseUnread();
        section.check(yaml);
        return Optional.of(section);
    }

    /** Checks that the model has that input, and room in it. */
    public void check(Signature model) throws ModelRefusedException {
        TensorSpec target = target(model);
        if (target.datatype() != Datatype.FP32
                || target.shape().rank() != 2
                || target.shape().dimension(1) == Shape.VARIABLE) {
            throw refused("input", "must be an FP32 input of shape [rows, fixed columns], was " + target);
        }
        if (fromColumn + names.size() > target.shape().dimension(1)) {
            throw refused(
                    "names",
                    "must fit from column " + fromColumn + " into " + target.shape() + ", were " + names.size());
        }
        if (model.inputs().stream().anyMatch(each -> each.name().equals(entity))) {
            throw refused("entity", "must not be an input of the model, was '" + entity + "'");
        }
    }

    /** The input whose columns are looked up. */
    public TensorSpec target(Signature model) throws ModelRefusedException {
        List<TensorSpec> named = model.inputs().stream()
                .filter(each -> input.isEmpty() || each.name().equals(input.get()))
                .toList();
        if (named.size() != 1) {
            throw refused("input", "must name one of the model's inputs, was " + input.orElse("not given"));
        }
        return named.getFirst();
    }

    /** What requests send: the entity, and of the input what is not looked up. The model's own inputs may be sent instead. */
    public Signature announced(Signature model) throws ModelRefusedException {
        TensorSpec target = target(model);
        long rest = target.shape().dimension(1) - names.size();
        List<TensorSpec> inputs = new ArrayList<>();
        for (TensorSpec each : model.inputs()) {
            if (!each.equals(target)) {
                inputs.add(each);
            } else if (rest > 0) {
                inputs.add(new TensorSpec(each.name(), each.datatype(), Shape.of(Shape.VARIABLE, rest)));
            }
        }
        inputs.add(new TensorSpec(entity, datatype, Shape.of(Shape.VARIABLE)));
        return new Signature(inputs, model.outputs(), model.inputs());
    }

    private void check(YamlSection yaml) throws ModelRefusedException {
        switch (datatype) {
            case BYTES, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32 -> {}
            default -> throw yaml.refused("entity_datatype", "must be BYTES, INT8..64 or UINT8..32", datatype);
        }
        if (names.isEmpty()) {
            throw yaml.refused("names", "must be a list of at least one name", names);
        }
        if (!defaults.isEmpty() && defaults.size() != names.size()) {
            throw yaml.refused("default", "must be " + names.size() + " numbers, one for each name", defaults.size());
        }
        if (defaults.isEmpty() && (onMissing == Fallback.DEFAULT || onUnavailable == Fallback.DEFAULT)) {
            throw yaml.refused("default", "must be given where a policy is default", "not given");
        }
    }

    private static String required(YamlSection yaml, String key) throws ModelRefusedException {
        return yaml.text(key).orElseThrow(() -> yaml.refused(key, "must be given", "not given"));
    }

    private static ModelRefusedException refused(String key, String rule) {
        return new ModelRefusedException("model.yaml: features." + key + " " + rule);
    }
}
