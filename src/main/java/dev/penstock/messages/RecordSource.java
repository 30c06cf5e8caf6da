package dev.penstock.messages;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The place of a request in the log. As text it is {@code topic/partition/offset}, the value of {@link RecordHeaders#SOURCE}. */
public record RecordSource(String topic, int partition, long offset) {
    private static final Pattern FORM = Pattern.compile("([^/]{1,249})/([0-9]{1,9})/([0-9]{1,18})");

    /** Empty if the text has another form: other systems may write anything into a header. */
    public static Optional<RecordSource> parse(String text) {
        Matcher source = FORM.matcher(text);
        return source.matches()
                ? Optional.of(new RecordSource(
                        source.group(1), Integer.parseInt(source.group(2)), Long.parseLong(source.group(3))))
                : Optional.empty();
    }

    @Override
    public String toString() {
        return topic + "/" + partition + "/" + offset;
    }
}
