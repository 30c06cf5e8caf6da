package dev.penstock.images;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Dockerfile, as far as these files use the language.
 *
 * @param instructions in order, each on one line
 */
public record Dockerfile(List<Instruction> instructions) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern COMMENTS = Pattern.compile("(?m)^\\s*#.*\\R");
    private static final Pattern CONTINUED = Pattern.compile("\\\\\\R\\s*");
    private static final Pattern VARIABLE = Pattern.compile("([A-Z_]+)=(?:\"([^\"]*)\"|(\\S+))");

    /** An instruction, such as {@code USER}, and the rest of its line. */
    public record Instruction(String name, String rest) {
        /** The words of the exec form. */
        List<String> words() {
            try {
                return JSON.readValue(rest.substring(rest.indexOf('[')), new TypeReference<>() {});
            } catch (JsonProcessingException | StringIndexOutOfBoundsException shell) {
                throw new AssertionError(name + " must have the exec form, was " + rest, shell);
            }
        }
    }

    public static Dockerfile read(String file) throws IOException {
        String text = Files.readString(Path.of(file));
        String lines = CONTINUED.matcher(COMMENTS.matcher(text).replaceAll("")).replaceAll("");
        return new Dockerfile(lines.lines()
                .filter(line -> !line.isBlank())
                .map(line -> line.split(" +", 2))
                .map(parts -> new Instruction(parts[0], parts[1]))
                .toList());
    }

    /** The last stage, which becomes the image. */
    public Dockerfile image() {
        int from = 0;
        for (int index = 0; index < instructions.size(); index++) {
            from = instructions.get(index).name.equals("FROM") ? index : from;
        }
        return new Dockerfile(instructions.subList(from, instructions.size()));
    }

    Stream<String> all(String name) {
        return instructions.stream().filter(each -> each.name.equals(name)).map(Instruction::rest);
    }

    /** The only instruction of this name. */
    Instruction only(String name) {
        List<Instruction> found =
                instructions.stream().filter(each -> each.name.equals(name)).toList();
        if (found.size() != 1) {
            throw new AssertionError("one " + name + " is expected, was " + found);
        }
        return found.getFirst();
    }

    public List<String> entryPoint() {
        return only("ENTRYPOINT").words();
    }

    public List<String> healthCheck() {
        return only("HEALTHCHECK").words();
    }

    /** The command that makes the Java runtime; its last word is the folder. */
    public List<String> runtime() {
        return instructions.stream()
                .filter(each -> each.name.equals("RUN") && each.rest.startsWith("[\"jlink\""))
                .findFirst()
                .orElseThrow()
                .words();
    }

    /** The command that {@code penstock train} starts. */
    public List<String> training() {
        List<String> words = only("RUN").words();
        return words.subList(words.indexOf("--") + 1, words.size());
    }

    /** The values of arguments that have a default. */
    Map<String, String> arguments() {
        return variables("ARG");
    }

    public Map<String, String> environment() {
        return variables("ENV");
    }

    private Map<String, String> variables(String instruction) {
        Map<String, String> variables = new LinkedHashMap<>();
        all(instruction)
                .flatMap(line -> VARIABLE.matcher(line).results())
                .forEach(set -> variables.put(set.group(1), set.group(2) != null ? set.group(2) : set.group(3)));
        return variables;
    }

    /** A file or folder of the build, and where it is in the image. A folder's name ends with a slash. */
    public record Copy(String from, String to) {}

    /** What is copied from the build, without what other stages give. */
    public List<Copy> copies() {
        List<Copy> copies = new ArrayList<>();
        all("COPY").filter(line -> !line.startsWith("--from=")).forEach(line -> {
            String[] words = line.replaceFirst("^--chown=\\S+ ", "").split(" +", -1);
            for (int index = 0; index < words.length - 1; index++) {
                copies.add(new Copy(words[index], words[words.length - 1]));
            }
        });
        return copies;
    }
}
