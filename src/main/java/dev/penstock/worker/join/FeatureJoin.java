package dev.penstock.worker.join;

import dev.penstock.features.cache.FeatureCache;
import dev.penstock.features.cache.Lookup;
import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureQuality;
import dev.penstock.features.vector.FeatureVector;
import dev.penstock.model.config.FeaturesSection;
import dev.penstock.model.config.FeaturesSection.Fallback;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Problem;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import dev.penstock.worker.loop.Task;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Turns the entities of a request into columns of the model's input.
 *
 * @param model the inputs of the model itself
 * @param announced the inputs that requests send: an entity in place of the columns that features fill
 * @param target the input whose columns features fill
 */
public record FeatureJoin(
        FeaturesSection section, FeatureCache cache, Signature model, Signature announced, TensorSpec target) {

    /** The result of a request's lookups. */
    sealed interface Joined {}

    /** The model's own inputs. {@code kind} is the worst quality of all rows: fresh, stale or default. */
    record Inputs(List<Tensor> inputs, FeatureQuality kind) implements Joined {}

    /** The model's policy is to fail rather than to use a fallback. */
    record Failed(Problem problem) implements Joined, Choice {}

    /** The result of one entity's lookup. */
    sealed interface Choice {}

    private record Values(FeatureVector vector, FeatureQuality kind) implements Choice {}

    /** The entity of each row; empty when the request sends the model's own inputs. */
    List<EntityKey> entities(Task task) throws InvalidRequestException {
        Optional<Tensor> entity = input(task, section.entity());
        if (entity.isEmpty()) {
            return List.of();
        }
        long rows = entity.get().shape().rows();
        Optional<Tensor> rest = input(task, target.name());
        if (rest.isPresent() && rest.get().shape().rows() != rows) {
            throw new InvalidRequestException(
                    target.name(),
                    "must have " + rows + " rows like '" + section.entity() + "', had "
                            + rest.get().shape().rows());
        }
        List<EntityKey> keys = new ArrayList<>();
        ByteBuffer data = entity.get().data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < rows; row++) {
            keys.add(key(data, row));
        }
        return keys;
    }

    /** @param found the lookup of each row's entity */
    Joined join(Task task, List<EntityKey> entities, List<Lookup> found) {
        int width = Math.toIntExact(target.shape().dimension(1));
        int before = section.fromColumn();
        int after = width - before - section.names().size();
        FloatBuffer rest = input(task, target.name())
                .map(input -> floats(input.data().duplicate()))
                .orElse(FloatBuffer.allocate(0));
        ByteBuffer data = ByteBuffer.allocate(entities.size() * width * Float.BYTES);
        FloatBuffer filled = floats(data);
        FeatureQuality worst = FeatureQuality.FRESH;
        for (int row = 0; row < entities.size(); row++) {
            switch (choose(entities.get(row), found.get(row))) {
                case Failed failed -> {
                    return failed;
                }
                case Values(FeatureVector vector, FeatureQuality kind) -> {
                    copy(rest, filled, before);
                    vector.writeTo(filled);
                    copy(rest, filled, after);
                    worst = kind.compareTo(worst) > 0 ? kind : worst;
                }
            }
        }
        Tensor whole =
                new Tensor(target.name(), target.datatype(), target.shape().withRows(entities.size()), data);
        List<Tensor> inputs = new ArrayList<>();
        for (TensorSpec spec : model.inputs()) {
            inputs.add(spec.equals(target) ? whole : input(task, spec.name()).orElseThrow());
        }
        return new Inputs(inputs, worst);
    }

    private Choice choose(EntityKey entity, Lookup found) {
        return switch (found) {
            case Lookup.Fresh(FeatureVector vector) -> new Values(vector, FeatureQuality.FRESH);
            case Lookup.Stale(FeatureVector vector) -> new Values(vector, FeatureQuality.STALE);
            case Lookup.Missing(Optional<FeatureVector> last) ->
                fallback(
                        section.onMissing(),
                        last,
                        Problem.Kind.FEATURES_MISSING,
                        "view '" + section.view() + "' has no entity '" + entity.text() + "'");
            case Lookup.Unavailable(String reason) ->
                fallback(
                        section.onUnavailable(),
                        Optional.empty(),
                        Problem.Kind.FEATURES_UNAVAILABLE,
                        "features of entity '" + entity.text() + "' of view '" + section.view()
                                + "' are not available: " + reason);
        };
    }

    private Choice fallback(Fallback policy, Optional<FeatureVector> last, Problem.Kind problem, String reason) {
        if (policy == Fallback.STALE && last.isPresent()) {
            return new Values(last.get(), FeatureQuality.STALE);
        }
        Optional<FeatureVector> defaults = cache.view().defaultVector();
        return policy == Fallback.FAIL || defaults.isEmpty()
                ? new Failed(Problem.of(problem, reason))
                : new Values(defaults.get(), FeatureQuality.DEFAULT);
    }

    private static Optional<Tensor> input(Task task, String name) {
        for (Tensor input : task.inputs()) {
            if (input.name().equals(name)) {
                return Optional.of(input);
            }
        }
        return Optional.empty();
    }

    private static FloatBuffer floats(ByteBuffer data) {
        return data.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    }

    private static void copy(FloatBuffer from, FloatBuffer to, int count) {
        to.put(from.slice(from.position(), count));
        from.position(from.position() + count);
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
}
