package dev.penstock.messages;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The metadata of an offset commit: how the requests below the offset ended. The offset alone does not show how fast workers are,
 * because a request that is given up costs almost nothing. All three count from when the worker was assigned the partition. What follows
 * them in the metadata is for other readers.
 *
 * @param ran requests that ran, successfully or not
 * @param givenUp requests that could still meet their deadline on arrival, and then waited too long
 * @param atWorkMicros the time in which the worker had requests of the partition's lane to serve, of whichever partition; empty from a
 *     worker that does not tell
 */
public record CommitNote(long ran, long givenUp, OptionalLong atWorkMicros) {
    public static final CommitNote NONE = new CommitNote(0, 0, OptionalLong.of(0));

    private static final Pattern FORM =
            Pattern.compile("ran=([0-9]{1,18});given-up=([0-9]{1,18})(?:;at-work-us=([0-9]{1,18}))?(?:;.*)?");

    public String toMetadata() {
        return "ran=" + ran + ";given-up=" + givenUp
                + (atWorkMicros.isPresent() ? ";at-work-us=" + atWorkMicros.getAsLong() : "");
    }

    /** Empty if the metadata has another form: an older worker wrote it, or somebody reset the offset by hand. */
    public static Optional<CommitNote> parse(String metadata) {
        Matcher note = FORM.matcher(metadata);
        return note.matches()
                ? Optional.of(new CommitNote(
                        Long.parseLong(note.group(1)),
                        Long.parseLong(note.group(2)),
                        note.group(3) == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(note.group(3)))))
                : Optional.empty();
    }
}
