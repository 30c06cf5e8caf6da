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
 * The section {@code features} of model.yaml. Requests name an entity; columns of an input are looked up by it.
 *
 * @param entity {@code entity}: the input that requests send instead of the columns
 * @param datatype {@code entity_datatype}: BYTES or an integer type
 * @param view {@code view}: the name of the feature view
 * @param version {@code version}: raise it when features of the same names change their meaning
 * @param names {@code names}: the features, in column order
 * @param input {@code input}: the input that has the columns; optional if the model has one input
 * @param fromColumn {@code from_column}: the index of the first looked-up column. Requests still send all other columns
 * @param defaults the key is named default: one value per feature, used by that policy and for single features without a value
 * @param onMissing {@code on_missing}: the policy for an entity that the source does not have
 * @param onUnavailable {@code on_unavailable}: the policy when the source cannot be reached
 * @param source {@code source}: a name under {@code penstock.features.sources}
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
    private static final int MAX_COLUMNS = 4096;

    /** The policy for an entity without fresh values. */
    public enum Fallback {
        /** Use the default vector. */
        DEFAULT,
        /** Use the last known values, up to a maximum age; otherwise the default vector; without defaults, fail. */
        STALE,
        /** Fail the request. */
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
        List<Float> defaults = yaml.numbers("default", MAX_COLUMNS);
        Fallback otherwise = defaults.isEmpty() ? Fallback.FAIL : Fallback.DEFAULT;
        FeaturesSection section = new FeaturesSection(
                required(yaml, "entity"),
                yaml.text("entity_datatype").flatMap(Datatype::named).orElse(Datatype.BYTES),
                required(yaml, "view"),
                yaml.integer("version", 1, Integer.MAX_VALUE, 1),
                yaml.names("names", MAX_COLUMNS),
                yaml.text("input"),
                yaml.integer("from_column", 0, MAX_COLUMNS, 0),
                defaults,
                yaml.choice("on_missing", Fallback.class).orElse(otherwise),
                yaml.choice("on_unavailable", Fallback.class).orElse(otherwise),
                required(yaml, "source"));
        yaml.refuseUnknownKeys();
        section.check(yaml);
        return Optional.of(section);
    }

    /** @throws ModelRefusedException if the model lacks the input, or the input lacks the columns */
    public void check(Signature model) throws ModelRefusedException {
        TensorSpec target = target(model);
        if (target.datatype() != Datatype.FP32
                || target.shape().rank() != 2
                || target.shape().dimension(1) == Shape.VARIABLE
                || target.rowAxis().orElse(0) != 0) {
            throw refused("input", "must be FP32 of shape [rows, columns] with fixed columns, was " + target);
        }
        if (fromColumn + names.size() > target.shape().dimension(1)) {
            throw refused(
                    "names",
                    "must fit into " + target.shape() + " from column " + fromColumn + ", were " + names.size()
                            + " names");
        }
        if (model.inputs().stream().anyMatch(each -> each.name().equals(entity))) {
            throw refused("entity", "must not be an input of the model, was '" + entity + "'");
        }
    }

    /**
     * The input whose columns are looked up.
     *
     * @throws ModelRefusedException if {@code input} names none, or is missing and the model has several inputs
     */
    public TensorSpec target(Signature model) throws ModelRefusedException {
        List<TensorSpec> named = model.inputs().stream()
                .filter(each -> input.isEmpty() || each.name().equals(input.get()))
                .toList();
        if (named.size() != 1) {
            throw refused("input", "must name one of the model's inputs, was " + input.orElse("absent"));
        }
        return named.getFirst();
    }

    /** The signature for requests: the entity, and the columns that are not looked up. Requests may also send the model's own inputs. */
    public Signature announced(Signature model) throws ModelRefusedException {
        TensorSpec target = target(model);
        long rest = target.shape().dimension(1) - names.size();
        List<TensorSpec> inputs = new ArrayList<>();
        for (TensorSpec each : model.inputs()) {
            if (!each.equals(target)) {
                inputs.add(each);
            } else if (rest > 0) {
                inputs.add(new TensorSpec(
                        each.name(), each.datatype(), each.shape().with(1, rest), each.rowAxis()));
            }
        }
        inputs.add(new TensorSpec(
                entity, datatype, Shape.of(target.shape().rows()), target.rowAxis()));
        return new Signature(inputs, model.outputs(), model.inputs(), model.mode());
    }

    private void check(YamlSection yaml) throws ModelRefusedException {
        switch (datatype) {
            case BYTES, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32 -> {}
            default ->
                throw yaml.refused(
                        "entity_datatype",
                        "must be BYTES, INT8, INT16, INT32, INT64, UINT8, UINT16 or UINT32",
                        datatype);
        }
        if (names.isEmpty()) {
            throw yaml.refused("names", "must list at least one name", names);
        }
        if (!defaults.isEmpty() && defaults.size() != names.size()) {
            throw yaml.refused("default", "must have " + names.size() + " numbers, one per name", defaults.size());
        }
        if (defaults.isEmpty() && (onMissing == Fallback.DEFAULT || onUnavailable == Fallback.DEFAULT)) {
            throw yaml.refused("default", "is required when a policy is default", "absent");
        }
    }

    private static String required(YamlSection yaml, String key) throws ModelRefusedException {
        return yaml.text(key).orElseThrow(() -> yaml.refused(key, "is required", "absent"));
    }

    private static ModelRefusedException refused(String key, String rule) {
        return new ModelRefusedException("model.yaml: features." + key + " " + rule);
    }
}
