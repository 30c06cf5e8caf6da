package dev.penstock.features.vector;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/** Gathers one entity's values in the view's order; what is wrong with one of them is told by its name. */
public final class VectorBuilder {
    private final FeatureView view;
    private final float[] values;
    private int size;
    private Optional<String> broken = Optional.empty();

    public VectorBuilder(FeatureView view) {
        this.view = view;
        this.values = new float[view.features().size()];
    }

    public void add(double value) {
        float narrow = (float) value;
        if (Float.isFinite(narrow)) {
            values[size++] = narrow;
        } else {
            addBroken("must be a finite float32, was " + value);
        }
    }

    public void add(JsonNode value) {
        if (value.isNumber()) {
            add(value.doubleValue());
        } else if (value.isBoolean()) {
            add(value.booleanValue() ? 1 : 0);
        } else if (value.isNull()) {
            addNone();
        } else {
            addBroken("must be a number, was " + (value.isMissingNode() ? "not given" : value.getNodeType()));
        }
    }

    /** The source has the entity, and no value of this feature: the view's default stands in. */
    public void addNone() {
        if (view.defaults().isEmpty()) {
            addBroken("has no value, and view '" + view.name() + "' no default");
        } else {
            values[size] = view.defaults().get(size);
            size++;
        }
    }

    public void addBroken(String rule) {
        String name = view.features().get(size++);
        broken = broken.or(() -> Optional.of("feature '" + name + "' " + rule));
    }

    public SourceResult build(long version, long readMillis) {
        if (broken.isPresent()) {
            return new SourceResult.Broken(broken.get());
        }
        if (version < 0) {
            return new SourceResult.Broken("its version must be 0 or more, was " + version);
        }
        return new SourceResult.Found(new FeatureVector(values, version, readMillis));
    }
}
