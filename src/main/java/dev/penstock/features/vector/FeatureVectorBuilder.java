package dev.penstock.features.vector;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/** Builds the feature vector of one entity, in the view's order. An error names the feature. */
public final class FeatureVectorBuilder {
    private final FeatureView view;
    private final float[] values;
    private int size;
    private Optional<String> broken = Optional.empty();

    public FeatureVectorBuilder(FeatureView view) {
        this.view = view;
        this.values = new float[view.features().size()];
    }

    public void add(double value) {
        float narrow = (float) value;
        if (Float.isFinite(narrow)) {
            values[size++] = narrow;
        } else {
            addInvalid("must be a finite float32, was " + value);
        }
    }

    public void add(JsonNode value) {
        if (value.isNumber()) {
            add(value.doubleValue());
        } else if (value.isBoolean()) {
            add(value.booleanValue() ? 1 : 0);
        } else if (value.isNull()) {
            addMissing();
        } else {
            addInvalid("must be a number, was " + (value.isMissingNode() ? "not given" : value.getNodeType()));
        }
    }

    /** Adds the view's default, for an entity that has no value of this feature. */
    public void addMissing() {
        if (view.defaults().isEmpty()) {
            addInvalid("must have a value, since view '" + view.name() + "' has no defaults; was null");
        } else {
            values[size] = view.defaults().get(size);
            size++;
        }
    }

    public void addInvalid(String rule) {
        String name = view.features().get(size++);
        broken = broken.or(() -> Optional.of("feature '" + name + "' " + rule));
    }

    public SourceResult build(long version, long readMillis) {
        if (broken.isPresent()) {
            return new SourceResult.Invalid(broken.get());
        }
        if (version < 0) {
            return new SourceResult.Invalid("version must be 0 or more, was " + version);
        }
        return new SourceResult.Found(new FeatureVector(values, version, readMillis));
    }
}
