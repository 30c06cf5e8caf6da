package dev.penstock.worker.accepted;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the owner of a partition leaves to the next one. It stands in the metadata of each commit, so that a crash cannot lose it.
 *
 * @param taken the records before this offset were taken off the log, by this owner or by those before
 * @param atMillis when it was written, by the broker's clock
 * @param isLeft whether the owner has given up the partition in order
 * @param trying the record that ran alone from this commit on, see {@link Takeover#isSuspect}; empty when none did
 */
public record HandoverNote(long taken, long atMillis, boolean isLeft, OptionalLong trying) {
    private static final Pattern TAKEN = number("taken");
    private static final Pattern AT = number("at");
    private static final Pattern LEFT = number("left");
    private static final Pattern TRYING = number("trying");

    /** The part of the metadata that follows the {@link dev.penstock.messages.CommitNote}. */
    String toMetadata() {
        return "taken=" + taken + ";at=" + atMillis + (isLeft ? ";left=1" : "")
                + (trying.isPresent() ? ";trying=" + trying.getAsLong() : "");
    }

    /** Empty if the metadata has no such note: an older worker wrote it, or somebody reset the offset by hand. */
    public static Optional<HandoverNote> parse(String metadata) {
        OptionalLong taken = find(TAKEN, metadata);
        OptionalLong at = find(AT, metadata);
        return taken.isPresent() && at.isPresent()
                ? Optional.of(new HandoverNote(
                        taken.getAsLong(), at.getAsLong(), find(LEFT, metadata).isPresent(), find(TRYING, metadata)))
                : Optional.empty();
    }

    private static Pattern number(String key) {
        return Pattern.compile("(?:^|;)" + key + "=([0-9]{1,18})(?=;|$)");
    }

    private static OptionalLong find(Pattern number, String metadata) {
        Matcher found = number.matcher(metadata);
        return found.find() ? OptionalLong.of(Long.parseLong(found.group(1))) : OptionalLong.empty();
    }
}
