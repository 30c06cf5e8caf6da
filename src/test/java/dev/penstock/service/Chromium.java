package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** A headless Chromium, driven by its DevTools protocol, with one page. Close it. */
final class Chromium implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome");
    private static final String LISTENS = "DevTools listening on ";
    private static final int LIMIT_SECONDS = 60;

    private final Process process;
    private final HttpClient http = HttpClient.newHttpClient();
    private final WebSocket socket;
    private final AtomicInteger lastId = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> asked = new ConcurrentHashMap<>();
    private final List<String> errors = new CopyOnWriteArrayList<>();
    private final String session;

    private Chromium(Process process, URI browser) {
        this.process = process;
        this.socket =
                http.newWebSocketBuilder().buildAsync(browser, new Messages()).join();
        String target = send("", "Target.createTarget", Map.of("url", "about:blank"))
                .path("targetId")
                .asText();
        this.session = send("", "Target.attachToTarget", Map.of("targetId", target, "flatten", true))
                .path("sessionId")
                .asText();
        for (String domain : List.of("Page", "Runtime", "Log")) {
            send(domain + ".enable", Map.of());
        }
    }

    /** Whether one is installed. */
    static Optional<Path> installed() {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    static Chromium start(Path executable) throws IOException {
        Path profile = Files.createTempDirectory("penstock-chromium");
        Process process = new ProcessBuilder(
                        executable.toString(),
                        "--headless=new",
                        "--no-sandbox", // it runs pages of this test alone, and containers allow no sandbox
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--no-first-run",
                        "--hide-scrollbars",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + profile,
                        "about:blank")
                .redirectErrorStream(true)
                .start();
        BufferedReader output = process.inputReader(UTF_8);
        List<String> said = new ArrayList<>();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            said.add(line);
            if (line.startsWith(LISTENS)) {
                return new Chromium(process, URI.create(line.substring(LISTENS.length())));
            }
        }
        throw new IOException("Chromium did not start: " + said);
    }

    void open(URI address) {
        send("Page.navigate", Map.of("url", address.toString()));
    }

    /** @param width and height in CSS pixels */
    void show(int width, int height, boolean isDark) {
        send(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
        send(
                "Emulation.setEmulatedMedia",
                Map.of(
                        "features",
                        List.of(Map.of("name", "prefers-color-scheme", "value", isDark ? "dark" : "light"))));
    }

    /** The value of an expression, of which promises are awaited. */
    JsonNode evaluate(String expression) {
        JsonNode answer =
                send("Runtime.evaluate", Map.of("expression", expression, "awaitPromise", true, "returnByValue", true));
        if (answer.has("exceptionDetails")) {
            throw new IllegalStateException(expression + ": " + answer.path("exceptionDetails"));
        }
        return answer.path("result").path("value");
    }

    String text(String id) {
        return evaluate("document.getElementById('" + id + "').innerText").asText();
    }

    void click(String id) {
        evaluate("document.getElementById('" + id + "').scrollIntoView({block: 'center'})");
        double[] middle = point(id, 0.5, 0.5);
        mouse("mousePressed", middle);
        mouse("mouseReleased", middle);
    }

    /** Draws a line with the mouse, through points in shares of the element's size. */
    void draw(String id, double[]... line) {
        evaluate("document.getElementById('" + id + "').scrollIntoView({block: 'center'})");
        String type = "mousePressed";
        for (double[] each : line) {
            mouse(type, point(id, each[0], each[1]));
            type = "mouseMoved";
        }
        mouse("mouseReleased", point(id, line[line.length - 1][0], line[line.length - 1][1]));
    }

    /** Presses a key, by the name that its events have. */
    void press(String key) {
        ObjectNode event = JSON.createObjectNode().put("type", "keyDown").put("key", key);
        switch (key) {
            case " " -> event.put("text", " ").put("code", "Space").put("windowsVirtualKeyCode", 32);
            case "Enter" -> event.put("text", "\r").put("code", "Enter").put("windowsVirtualKeyCode", 13);
            case "Tab" -> event.put("code", "Tab").put("windowsVirtualKeyCode", 9);
            default -> event.put("code", key);
        }
        send(session, "Input.dispatchKeyEvent", event);
        send(session, "Input.dispatchKeyEvent", event.deepCopy().put("type", "keyUp"));
    }

    /**
     * The page as PNG.
     *
     * @param isWhole or only the part in the window
     */
    byte[] screenshot(boolean isWhole) {
        return Base64.getDecoder()
                .decode(send("Page.captureScreenshot", Map.of("captureBeyondViewport", isWhole, "format", "png"))
                        .path("data")
                        .asText());
    }

    /** What the page reported as errors, such as violations of its Content-Security-Policy. */
    List<String> errors() {
        return errors;
    }

    @Override
    public void close() {
        Stream<ProcessHandle> helpers = process.descendants();
        socket.abort();
        process.destroy();
        try {
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        helpers.forEach(ProcessHandle::destroyForcibly);
        http.close();
    }

    private void mouse(String type, double[] at) {
        send(
                "Input.dispatchMouseEvent",
                Map.of("type", type, "x", at[0], "y", at[1], "button", "left", "buttons", 1, "clickCount", 1));
    }

    private double[] point(String id, double x, double y) {
        JsonNode box = evaluate(
                "(b => [b.x, b.y, b.width, b.height])(document.getElementById('" + id + "').getBoundingClientRect())");
        return new double[] {
            box.get(0).asDouble() + x * box.get(2).asDouble(),
            box.get(1).asDouble() + y * box.get(3).asDouble()
        };
    }

    private JsonNode send(String method, Map<String, ?> parameters) {
        return send(session, method, parameters);
    }

    private JsonNode send(String to, String method, Object parameters) {
        int id = lastId.incrementAndGet();
        ObjectNode message = JSON.createObjectNode().put("id", id).put("method", method);
        message.set("params", JSON.valueToTree(parameters));
        if (!to.isEmpty()) {
            message.put("sessionId", to);
        }
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        asked.put(id, answer);
        socket.sendText(message.toString(), true).join();
        JsonNode answered = answer.orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
        if (answered.has("error")) {
            throw new IllegalStateException(method + ": " + answered.path("error"));
        }
        return answered.path("result");
    }

    private final class Messages implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
            text.append(part);
            if (isLast) {
                try {
                    heard(JSON.readTree(text.toString()));
                } catch (IOException broken) {
                    throw new UncheckedIOException(broken);
                }
                text.setLength(0);
            }
            from.request(1);
            return CompletableFuture.completedFuture(null);
        }

        private void heard(JsonNode message) {
            if (message.has("id")) {
                CompletableFuture<JsonNode> waits =
                        asked.remove(message.path("id").asInt());
                if (waits != null) {
                    waits.complete(message);
                }
                return;
            }
            JsonNode event = message.path("params");
            boolean isError = switch (message.path("method").asText()) {
                case "Runtime.exceptionThrown" -> true;
                case "Runtime.consoleAPICalled" -> event.path("type").asText().equals("error");
                case "Log.entryAdded" ->
                    event.path("entry").path("level").asText().equals("error");
                default -> false;
            };
            if (isError) {
                errors.add(event.toString());
            }
        }
    }
}
