package dev.penstock.images;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.yaml.snakeyaml.Yaml;

/** docker-compose.yml with the values of .env. */
public final class ComposeFile {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z_]+)}");

    private final JsonNode services;

    private ComposeFile(JsonNode services) {
        this.services = services;
    }

    public static ComposeFile read() throws IOException {
        Map<String, String> versions = versions();
        String text = VARIABLE.matcher(Files.readString(Path.of("docker-compose.yml")))
                .replaceAll(found -> {
                    String value = versions.get(found.group(1));
                    if (value == null) {
                        throw new AssertionError(".env must have a value for " + found.group());
                    }
                    return value;
                });
        // Jackson's own parser does not support merge keys ("<<").
        return new ComposeFile(JSON.<JsonNode>valueToTree(new Yaml().load(text)).path("services"));
    }

    static Map<String, String> versions() throws IOException {
        Map<String, String> versions = new TreeMap<>();
        Files.readAllLines(Path.of(".env")).stream()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split("=", 2))
                .forEach(set -> versions.put(set[0], set[1]));
        return versions;
    }

    Map<String, JsonNode> services() {
        Map<String, JsonNode> byName = new TreeMap<>();
        services.properties().forEach(service -> byName.put(service.getKey(), service.getValue()));
        return byName;
    }

    public JsonNode service(String name) {
        return services.required(name);
    }

    public Map<String, String> environment(String service) {
        Map<String, String> environment = new TreeMap<>();
        service(service)
                .path("environment")
                .properties()
                .forEach(set -> environment.put(set.getKey(), set.getValue().asText()));
        return environment;
    }

    /** The words of the service's own command. */
    public List<String> command(String service) {
        return texts(service(service).path("command")).toList();
    }

    static Stream<String> texts(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText);
    }
}
