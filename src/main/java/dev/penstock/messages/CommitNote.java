package dev.penstock.messages;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a worker writes beside the offset that it commits for a partition, as the metadata of the commit: how much work the requests up
 * to there were. The offset alone tells ingresses nothing of the workers' speed, since what is given up costs next to nothing. Both are
 * counted from when the worker was given the partition.
 *
 * @param ran requests that were run, whether or not with success
 * @param givenUp requests that could have been in time when they came, and were given up since they had waited too long
 */
public record CommitNote(long ran, long givenUp) {
    public static final CommitNote NONE = new CommitNote(0, 0);

    private static final Pattern FORM = Pattern.compile("ran=([0-9]{1,18});given-up=([0-9]{1,18})");

    public String toMetadata() {
        return "ran=" + ran + ";given-up=" + givenUp;
    }

    /** Empty when it is no note: a worker of an older build wrote it, or somebody who has set the offset by hand. */
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
