package dev.penstock.protocol;

import java.util.Arrays;

/**
 * The dimensions of a tensor, outermost first; a scalar has none. The first dimension usually counts rows. In a signature, {@link #VARIABLE} marks a dimension
 * that each request chooses.
 */
public final class Shape {
    public static final long VARIABLE = -1;

    private final long[] dimensions;

    private Shape(long[] dimensions) {
        this.dimensions = dimensions;
    }

    /** @throws IllegalArgumentException if a dimension is below -1 */
    public static Shape of(long... dimensions) {
        for (int i = 0; i < dimensions.length; i++) {
            if (dimensions[i] < VARIABLE) {
                throw new IllegalArgumentException("dimension " + i + " must be -1 or more, was " + dimensions[i]);
            }
        }
        return new Shape(dimensions.clone());
    }

    public int rank() {
        return dimensions.length;
    }

    public long dimension(int index) {
        return dimensions[index];
    }

    public long[] toArray() {
        return dimensions.clone();
    }

    public boolean isFixed() {
        for (long dimension : dimensions) {
            if (dimension == VARIABLE) {
                return false;
            }
        }
        return true;
    }

    /**
     * The product of all dimensions.
     *
     * @throws ArithmeticException if the product overflows a long
     * @throws IllegalStateException if a dimension is variable
     */
    public long elements() {
        return product(0);
    }

    /** The size of the first dimension. */
    public long rows() {
        return dimensions[0];
    }

    /** The number of elements in one row: the product of all dimensions but the first. Throws as {@link #elements} does. */
    public long rowElements() {
        return product(1);
    }

    public Shape withRows(long rows) {
        return with(0, rows);
    }

    /** A shape whose dimension {@code index} has this size. */
    public Shape with(int index, long size) {
        long[] copy = dimensions.clone();
        copy[index] = size;
        return new Shape(copy);
    }

    /** Whether this shape of a signature accepts a tensor of shape {@code actual}: equal ranks, and equal fixed dimensions. */
    public boolean admits(Shape actual) {
        if (actual.rank() != rank()) {
            return false;
        }
        for (int i = 0; i < dimensions.length; i++) {
            if (dimensions[i] != VARIABLE && dimensions[i] != actual.dimensions[i]) {
                return false;
            }
        }
        return true;
    }

    private long product(int from) {
        long product = 1;
        for (int i = from; i < dimensions.length; i++) {
            if (dimensions[i] == VARIABLE) {
                throw new IllegalStateException("shape " + this + " has a variable dimension");
            }
            product = Math.multiplyExact(product, dimensions[i]);
        }
        return product;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dimensions, shape.dimensions);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dimensions);
    }

    @Override
    public String toString() {
        return Arrays.toString(dimensions);
    }
}
