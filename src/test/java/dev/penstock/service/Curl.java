package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.microprofile.config.ConfigProvider;

/** curl, as a client of the service under test that nobody here wrote. */
final class Curl {
    private Curl() {}

    /** @param options such as {@code --compressed}; the body of a call is given by {@code --data-binary @file} */
    static Answer call(String path, String... options) throws IOException, InterruptedException {
        URI base = ConfigProvider.getConfig().getValue("test.url", URI.class);
        List<String> command = new ArrayList<>(List.of("curl", "-sS", "-i", "--max-time", "60"));
        command.addAll(List.of(options));
        command.add(base.resolve(path).toString());
        Process curl = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(curl.getInputStream().readAllBytes(), UTF_8);
        int code = curl.waitFor();
        int end = output.indexOf("\r\n\r\n");
        if (code != 0 || end < 0) {
            throw new IOException("curl ended with " + code + ": " + output);
        }
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        List<String> lines = output.substring(0, end).lines().toList();
        for (String line : lines.subList(1, lines.size())) {
            String[] header = line.split(": ?", 2);
            headers.merge(header[0], header[1], (a, b) -> a + ", " + b);
        }
        return new Answer(Integer.parseInt(lines.getFirst().split(" ", 3)[1]), headers, output.substring(end + 4));
    }

    /** @param body unpacked, as curl has it after {@code --compressed} */
    record Answer(int status, Map<String, String> headers, String body) {
        String header(String name) {
            return headers.getOrDefault(name, "");
        }

        JsonNode json() throws IOException {
            return Service.JSON.readTree(body);
        }
    }
}
