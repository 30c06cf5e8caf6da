package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.penstock.features.cache.ZipfDraws;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Requests for images by id, drawn by Zipf's law. The expected results are those of the images. */
final class EntityCorpus implements Corpus {
    private static final int DRAWS = 1 << 24;

    private final DigitsCorpus images;
    private final int[] draws;
    private final int first;

    private EntityCorpus(DigitsCorpus images, int[] draws, int first) {
        this.images = images;
        this.draws = draws;
        this.first = first;
    }

    /** @param entities the number of entities to draw from */
    static EntityCorpus draw(DigitsCorpus images, int entities) {
        ZipfDraws law = new ZipfDraws(entities, 1);
        int[] draws = new int[DRAWS];
        for (int i = 0; i < DRAWS; i++) {
            draws[i] = law.next();
        }
        return new EntityCorpus(images, draws, 0);
    }

    /** Skips draws. Loads count from 0, and a load that repeated another's draws would find them all in the caches. */
    EntityCorpus from(int draw) {
        return new EntityCorpus(images, draws, draw);
    }

    @Override
    public int size() {
        return DRAWS;
    }

    @Override
    public byte[] body(int i) {
        return rows(i, 1);
    }

    @Override
    public boolean check(int i, byte[] response) {
        return images.check(i, entity(i), response);
    }

    /** Returns one request with many rows, the fastest way to warm a cache. */
    byte[] rows(int i, int rows) {
        String ids = IntStream.range(0, rows)
                .mapToObj(row -> Integer.toString(entity(i * rows + row)))
                .collect(Collectors.joining(","));
        return ("{\"id\":\"" + i + "\",\"inputs\":[{\"name\":\"" + SlowFeast.JOIN_KEY
                        + "\",\"datatype\":\"INT64\",\"shape\":[" + rows + "],\"data\":[" + ids + "]}]}")
                .getBytes(US_ASCII);
    }

    private int entity(int i) {
        return draws[(first + i) % DRAWS];
    }
}
