package dev.penstock.messages;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The metadata of an offset commit: how the requests below the offset ended. The offset alone does not show how fast workers are,
 * because a request that is given up costs almost nothing. Both counters start when the worker is assigned the partition. What follows
 * them in the metadata is for other readers.
 *
 * @param ran requests that ran, successfully or not
 * @param givenUp requests that could still meet their deadline on arrival, and then waited too long
 */
public record CommitNote(long ran, long givenUp) {
    public static final CommitNote NONE = new CommitNote(0, 0);

    private static final Pattern FORM = Pattern.compile("ran=([0-9]{1,18});given-up=([0-9]{1,18})(?:;.*)?");

    public String toMetadata() {
        return "ran=" + ran + ";given-up=" + givenUp;
    }

    /** Empty if the metadata has another form: an older worker wrote it, or somebody reset the offset by hand. */
    public static Optional<CommitNote> parse(String metadata) {
        Matcher note = FORM.matcher(metadata);
        return note.matches()
                ? Optional.of(new CommitNote(Long.parseLong(note.group(1)), Long.parseLong(note.group(2))))
                : Optional.empty();
    }

    public CommitNote plus(CommitNote other) {
        return new CommitNote(ran + other.ran, givenUp + other.givenUp);
    }
}
