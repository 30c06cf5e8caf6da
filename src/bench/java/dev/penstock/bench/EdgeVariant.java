package dev.penstock.bench;

import java.net.URI;

/** Who answers the clients of a region. */
enum EdgeVariant {
    NONE("no edge", ""),
    CENTRE("edge: centre", "use: centre"),
    OVERFLOW("edge: overflow", "use: overflow"),
    CACHE("edge: centre, cache", "use: centre"),
    FALLBACK("edge: centre, cache, fallback", "use: centre");

    private final String title;
    private final String use;

    EdgeVariant(String title, String use) {
        this.title = title;
        this.use = use;
    }

    String title() {
        return title;
    }

    boolean hasFiles() {
        return this == OVERFLOW;
    }

    /** The model.yaml of the model that the centre has. */
    String yaml(URI centre, int timeoutMillis) {
        String cache = this == CACHE || this == FALLBACK ? "cache: {ttl: 5m}\n" : "";
        String fallback = this == FALLBACK ? "fallback: small\n" : "";
        return "remote: {url: '" + centre + "', model: digits, " + use + ", timeout: " + timeoutMillis + "ms}\n" + cache
                + fallback;
    }
}
