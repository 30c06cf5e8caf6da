package dev.penstock.worker;

import dev.penstock.features.EntityKey;
import dev.penstock.features.FeatureCache;
import dev.penstock.features.FeatureVector;
import dev.penstock.features.Lookup;
import dev.penstock.model.FeaturesSection;
import dev.penstock.model.FeaturesSection.Fallback;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Problem;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How entities become columns of one model's input.
 *
 * @param announced what requests send
 * @param target the input that is filled
 */
record FeatureJoin(
        FeaturesSection section, FeatureCache cache, Signature model, Signature announced, TensorSpec target) {

    /** What came of a request's lookups. */
    sealed interface Joined {}

    /** The model's inputs, whole; {@code kind} says how good the values are: fresh, stale or default, the worst of all rows. */
    record Inputs(List<Tensor> inputs, Kind kind) implements Joined {}

    /** A policy says fail. */
    record Refused(Problem problem) implements Joined {}

    /** From best to worst. */
    enum Kind {
        FRESH,
        STALE,
        DEFAULT
    }

    /** The entity of each row; empty when the request brings the model's own inputs. */
    List<EntityKey> entities(Task task) throws InvalidRequestException {
        Optional<Tensor> entity = task.inputs().stream()
                .filter(input -> input.name().equals(section.entity()))
                .findFirst();
        if (entity.isEmpty()) {
            return List.of();
        }
        List<EntityKey> keys = new ArrayList<>();
        ByteBuffer data = entity.get().data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < task.rows(); row++) {
            keys.add(key(data, row));
        }
        return keys;
    }

    /** @param entities of each row, all with an answer in {@code found} */
    Joined join(Task task, List<EntityKey> entities, Map<EntityKey, Lookup> found) {
        int width = Math.toIntExact(target.shape().dimension(1));
        int count = section.names().size();
        int from = section.fromColumn();
        Optional<ByteBuffer> rest = task.inputs().stream()
                .filter(input -> input.name().equals(target.name()))
                .map(Tensor::data)
                .findFirst();
        ByteBuffer filled =
                ByteBuffer.allocate(entities.size() * width * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        Kind worst = Kind.FRESH;
        for (int row = 0; row < entities.size(); row++) {
            Choice choice = choose(entities.get(row), found);
            if (choice.problem.isPresent()) {
                return new Refused(choice.problem.get());
            }
            worst = choice.kind.compareTo(worst) > 0 ? choice.kind : worst;
            int atRest = row * (width - count);
            for (int column = 0; column < width; column++) {
                boolean lookedUp = column >= from && column < from + count;
                filled.putFloat(
                        lookedUp
                                ? choice.values.get(column - from)
                                : rest.orElseThrow()
                                        .getFloat(Float.BYTES * (atRest + (column < from ? column : column - count))));
            }
        }
        Tensor whole =
                new Tensor(target.name(), target.datatype(), target.shape().withRows(entities.size()), filled.flip());
        List<Tensor> inputs = new ArrayList<>();
        for (TensorSpec spec : model.inputs()) {
            inputs.add(
                    spec.equals(target)
                            ? whole
                            : task.inputs().stream()
                                    .filter(input -> input.name().equals(spec.name()))
                                    .findFirst()
                                    .orElseThrow());
        }
        return new Inputs(inputs, worst);
    }

    private Choice choose(EntityKey entity, Map<EntityKey, Lookup> found) {
        return switch (found.get(entity)) {
            case Lookup.Fresh(FeatureVector vector) -> Choice.of(vector, Kind.FRESH);
            case Lookup.Stale(FeatureVector vector) -> Choice.of(vector, Kind.STALE);
            case Lookup.Missing(Optional<FeatureVector> last) ->
                fallback(
                        section.onMissing(),
                        last,
                        Problem.of(
                                Problem.Kind.FEATURES_MISSING,
                                "view '" + section.view() + "' has no entity '" + entity.text() + "'"));
            case Lookup.Unavailable(String reason) ->
                fallback(
                        section.onUnavailable(),
                        Optional.empty(),
                        Problem.of(
                                Problem.Kind.FEATURES_UNAVAILABLE,
                                "features of entity '" + entity.text() + "' of view '" + section.view()
                                        + "' cannot be had: " + reason));
            case null -> throw new IllegalStateException("no answer for " + entity);
        };
    }

    private Choice fallback(Fallback policy, Optional<FeatureVector> last, Problem problem) {
        if (policy == Fallback.STALE && last.isPresent()) {
            return Choice.of(last.get(), Kind.STALE);
        }
        return policy == Fallback.FAIL || section.defaults().isEmpty()
                ? new Choice(List.of(), Kind.DEFAULT, Optional.of(problem))
                : new Choice(section.defaults(), Kind.DEFAULT, Optional.empty());
    }

    private EntityKey key(ByteBuffer data, int row) throws InvalidRequestException {
        return switch (section.datatype()) {
            case INT8 -> new EntityKey.Id(data.get());
            case UINT8 -> new EntityKey.Id(Byte.toUnsignedInt(data.get()));
            case INT16 -> new EntityKey.Id(data.getShort());
            case UINT16 -> new EntityKey.Id(Short.toUnsignedInt(data.getShort()));
            case INT32 -> new EntityKey.Id(data.getInt());
            case UINT32 -> new EntityKey.Id(Integer.toUnsignedLong(data.getInt()));
            case INT64 -> new EntityKey.Id(data.getLong());
            default -> name(data, row);
        };
    }

    private EntityKey name(ByteBuffer data, int row) throws InvalidRequestException {
        int length = data.getInt();
        ByteBuffer bytes = data.slice(data.position(), length);
        data.position(data.position() + length);
        try {
            String name = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
            if (name.isEmpty() || name.length() > EntityKey.MAX_LENGTH) {
                throw new InvalidRequestException(
                        section.entity() + "[" + row + "]",
                        "must have 1.." + EntityKey.MAX_LENGTH + " characters, had " + name.length());
            }
            return new EntityKey.Name(name);
        } catch (CharacterCodingException notText) {
            throw new InvalidRequestException(section.entity() + "[" + row + "]", "must be UTF-8");
        }
    }

    private record Choice(List<Float> values, Kind kind, Optional<Problem> problem) {
        static Choice of(FeatureVector vector, Kind kind) {
            List<Float> values = new ArrayList<>(vector.size());
            for (int i = 0; i < vector.size(); i++) {
                values.add(vector.value(i));
            }
            return new Choice(values, kind, Optional.empty());
        }
    }
}
