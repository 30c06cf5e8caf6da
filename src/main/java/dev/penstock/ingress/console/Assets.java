package dev.penstock.ingress.console;

import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/** The files of the page, from the class path. The page and its scripts hold no data. Immutable. */
final class Assets {
    /** From pom.xml: the version is a part of the path in the web jar. */
    private static final String CHARTS = "META-INF/resources/webjars/uplot/1.6.30/dist/";

    private static final int TAG_CHARACTERS = 16;

    private final Map<String, Asset> byPath = Map.of(
            "/", asset("console/console.html", "text/html; charset=utf-8"),
            "/console/console.css", asset("console/console.css", "text/css; charset=utf-8"),
            "/console/console.js", asset("console/console.js", "text/javascript; charset=utf-8"),
            "/console/calls.js", asset("console/calls.js", "text/javascript; charset=utf-8"),
            "/console/charts.js", asset("console/charts.js", "text/javascript; charset=utf-8"),
            "/console/pad.js", asset("console/pad.js", "text/javascript; charset=utf-8"),
            "/console/icon.svg", asset("console/icon.svg", "image/svg+xml"),
            "/console/uplot.css", asset(CHARTS + "uPlot.min.css", "text/css; charset=utf-8"),
            "/console/uplot.js", asset(CHARTS + "uPlot.esm.js", "text/javascript; charset=utf-8"));

    /** @param tag of its content, in quotes, as HTTP's ETag */
    record Asset(Buffer content, String type, String tag) {}

    Optional<Asset> find(String path) {
        return Optional.ofNullable(byPath.get(path));
    }

    private static Asset asset(String name, String type) {
        try (InputStream file = Thread.currentThread().getContextClassLoader().getResourceAsStream(name)) {
            if (file == null) {
                throw new IllegalStateException("the class path must hold " + name);
            }
            byte[] bytes = file.readAllBytes();
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return new Asset(
                    Buffer.buffer(bytes),
                    type,
                    '"' + HexFormat.of().formatHex(digest).substring(0, TAG_CHARACTERS) + '"');
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
