package dev.penstock.ingress.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.Announcement;
import dev.penstock.messages.ModelStatus;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.ScaleToZero;
import dev.penstock.protocol.Signature;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CatalogueTest {
    private static final Optional<String> ANY = Optional.empty();

    private long now;
    private final Catalogue catalogue = new Catalogue(100, () -> now);

    @Test
    void isReadyWhileAWorkerSaysSo() {
        catalogue.heard(announcement("1", "w", true));
        assertThat(catalogue.isReady("m", ANY)).isTrue();
        now = 100;
        assertThat(catalogue.isReady("m", ANY)).isFalse();
        assertThat(catalogue.find("m", ANY)).isPresent();
    }

    @Test
    void isNotReadyByWhatTheTopicHeldBefore() {
        catalogue.heardBefore(announcement("1", "w", true), Duration.ZERO);
        assertThat(catalogue.find("m", ANY)).isPresent();
        assertThat(catalogue.isReady("m", ANY)).isFalse();
    }

    @Test
    void isReadyAsLongAsOneOfSeveralWorkersIs() {
        catalogue.heard(announcement("1", "a", false));
        catalogue.heard(announcement("1", "b", true));
        assertThat(catalogue.isReady("m", ANY)).isTrue();
    }

    @Test
    void countsLiveWorkers() {
        assertThat(catalogue.readyWorkers("m")).isZero();
        assertThat(catalogue.isInService("m")).isFalse();
        catalogue.heard(announcement("1", "a", true));
        catalogue.heard(announcement("2", "a", true));
        catalogue.heard(announcement("1", "b", true));
        catalogue.heard(announcement("1", "c", false));
        assertThat(catalogue.readyWorkers("m")).isEqualTo(2);
        assertThat(catalogue.isInService("m")).isTrue();
        now = 100;
        assertThat(catalogue.readyWorkers("m")).isZero();
        assertThat(catalogue.isInService("m")).isTrue();
    }

    @Test
    void choosesTheHighestVersionThatIsReady() {
        catalogue.heard(announcement("2", "w", true));
        catalogue.heard(announcement("10", "w", true));
        catalogue.heard(announcement("11", "w", false));
        assertThat(catalogue.find("m", ANY).map(Announcement::version)).hasValue("10");
        assertThat(catalogue.find("m", Optional.of("2")).map(Announcement::version))
                .hasValue("2");
        assertThat(catalogue.find("m", Optional.of("3"))).isEmpty();
        assertThat(catalogue.versions("m").keySet()).containsExactly("2", "10", "11");
    }

    @Test
    void withoutAVersionTheAnswerIsThatOfAllLiveWorkers() {
        catalogue.heard(announcement("1", "old", true));
        catalogue.heard(announcement("1", "new", true));
        catalogue.heard(announcement("2", "new", true));
        assertThat(catalogue.find("m", ANY).map(Announcement::version)).hasValue("1");

        now = 100; // the old worker is gone
        catalogue.heard(announcement("1", "new", true));
        catalogue.heard(announcement("2", "new", true));
        assertThat(catalogue.find("m", ANY).map(Announcement::version)).hasValue("2");
    }

    /** Its versions become ready one after the other, and are withdrawn so. */
    @Test
    void aWorkerThatStartsOrStopsDoesNotChangeTheVersion() {
        catalogue.heard(announcement("1", "stays", true));
        catalogue.heard(announcement("2", "stays", true));
        catalogue.heard(announcement("1", "other", false));
        catalogue.heard(announcement("2", "other", false));
        assertThat(catalogue.find("m", ANY).map(Announcement::version)).hasValue("2");
        catalogue.heard(announcement("1", "other", true));
        assertThat(catalogue.find("m", ANY).map(Announcement::version)).hasValue("2");
        catalogue.heard(announcement("2", "other", true));
        catalogue.heard(announcement("2", "other", false));
        assertThat(catalogue.find("m", ANY).map(Announcement::version)).hasValue("2");
        catalogue.heard(announcement("1", "other", false));
        assertThat(catalogue.find("m", ANY).map(Announcement::version)).hasValue("2");
    }

    @Test
    void choosesTheHighestReadyVersionWhenWorkersShareNone() {
        catalogue.heard(announcement("1", "old", true));
        catalogue.heard(announcement("2", "new", true));
        assertThat(catalogue.find("m", ANY).map(Announcement::version)).hasValue("2");
    }

    @Test
    void aVersionThatSomeWorkersHaveGoesToTheirPartitions() {
        catalogue.heard(announcement("1", "old", true).reading(reads(0, 1)));
        catalogue.heard(announcement("1", "new", true).reading(reads(2, 3)));
        catalogue.heard(announcement("2", "new", true).reading(reads(2, 3)));

        assertThat(catalogue.partitionsWith("m", "2", Lane.INTERACTIVE)).hasValue(Set.of(2, 3));
        assertThat(catalogue.partitionsWith("m", "1", Lane.INTERACTIVE)).isEmpty();
    }

    @Test
    void aVersionMayGoAnywhereWhenNobodyTellsWhoReadsWhat() {
        catalogue.heard(announcement("1", "old", true));
        catalogue.heard(announcement("2", "new", true));
        assertThat(catalogue.partitionsWith("m", "2", Lane.INTERACTIVE)).isEmpty();
    }

    @Test
    void theLastToClaimAPartitionReadsIt() {
        catalogue.heard(announcement("1", "dead", true).reading(reads(0, 1)));
        now = 60;
        catalogue.heard(announcement("1", "alive", true).reading(reads(1)));

        Map<Integer, PartitionReader> readers = catalogue.readers("m", Lane.INTERACTIVE);
        assertThat(reader(readers, 0).worker()).isEqualTo("dead");
        assertThat(reader(readers, 0).takesWork())
                .as("silent for half of its time")
                .isFalse();
        assertThat(reader(readers, 1).worker()).isEqualTo("alive");
        assertThat(reader(readers, 1).takesWork()).isTrue();
        assertThat(catalogue.readers("m", Lane.BULK)).isEmpty();
    }

    @Test
    void noticesAtOnceThatAWorkerHasBeenSilentForTooLong() {
        catalogue.heard(announcement("1", "w", true).reading(reads(0)));

        now = 49;
        assertThat(reader(catalogue.readers("m", Lane.INTERACTIVE), 0).takesWork())
                .isTrue();
        now = 50;
        assertThat(reader(catalogue.readers("m", Lane.INTERACTIVE), 0).takesWork())
                .isFalse();
        now = 99;
        assertThat(catalogue.areReadersKnown("m")).isTrue();
        now = 100;
        assertThat(catalogue.areReadersKnown("m")).isFalse();
        now = Catalogue.CLAIM_NANOS - 1;
        assertThat(catalogue.readers("m", Lane.INTERACTIVE)).isNotEmpty();
        now = Catalogue.CLAIM_NANOS;
        assertThat(catalogue.readers("m", Lane.INTERACTIVE)).isEmpty();
    }

    @Test
    void aWorkerThatHasWithdrawnTakesNoWork() {
        catalogue.heard(announcement("1", "w", true).reading(reads(0)));
        catalogue.heard(announcement("1", "w", false).reading(reads(0)));
        assertThat(reader(catalogue.readers("m", Lane.INTERACTIVE), 0).takesWork())
                .isFalse();
    }

    @Test
    void ordersVersionsThatAreDates() {
        catalogue.heard(announcement("20261124093000", "w", true));
        catalogue.heard(announcement("20261124093001", "w", true));
        catalogue.heard(announcement("9", "w", true));
        assertThat(catalogue.versions("m").keySet()).containsExactly("9", "20261124093000", "20261124093001");
    }

    @Test
    void forgetsWhatIsDeleted() {
        Announcement announcement = announcement("1", "w", true);
        catalogue.heard(announcement);
        catalogue.forgotten(announcement.key());
        assertThat(catalogue.models()).isEmpty();
    }

    @Test
    void theSlowestLiveWorkerSaysHowOftenAModelIsCommitted() {
        catalogue.heard(announcement("1", "gone", true, 5_000));
        now = 100;
        assertThat(catalogue.commitIntervalMillis("m")).isEqualTo(Announcement.DEFAULT_COMMIT_INTERVAL_MS);
        catalogue.heard(announcement("1", "a", true, 20));
        catalogue.heard(announcement("1", "b", true, 400));
        catalogue.heard(announcement("1", "stopping", false, 1_000));
        assertThat(catalogue.commitIntervalMillis("m")).isEqualTo(400);
    }

    @Test
    void aRetiredModelDoesNotKeepTheOthersFromBeingReady() {
        catalogue.heard(announcement("kept", "1", "w", true));
        catalogue.heard(announcement("retired", "1", "w", true));
        catalogue.heard(announcement("retired", "1", "w", false));
        assertThat(catalogue.isEveryModelReady()).isFalse();

        now = 100;
        catalogue.heard(announcement("kept", "1", "w", true));
        assertThat(catalogue.isEveryModelReady()).isTrue();
    }

    @Test
    void aModelWhoseWorkersDiedCountsUntilTheyHaveBeenSilentForLong() {
        catalogue.heard(announcement("kept", "1", "w", true));
        catalogue.heard(announcement("dead", "1", "w", true));
        now = Duration.ofMinutes(9).toNanos();
        catalogue.heard(announcement("kept", "1", "w", true));
        assertThat(catalogue.isEveryModelReady()).isFalse();

        now = Duration.ofMinutes(10).toNanos();
        catalogue.heard(announcement("kept", "1", "w", true));
        assertThat(catalogue.isEveryModelReady()).isTrue();
    }

    @Test
    void aModelThatTheTopicHeldLongAgoDoesNotCount() {
        catalogue.heard(announcement("kept", "1", "w", true));
        catalogue.heardBefore(announcement("forgotten", "1", "w", true), Duration.ofHours(1));
        assertThat(catalogue.isEveryModelReady()).isTrue();
    }

    @Test
    void aModelThatWarmsUpCounts() {
        catalogue.heard(announcement("kept", "1", "w", true));
        catalogue.heard(announcement("warming", "1", "w", false));
        now = 99;
        assertThat(catalogue.isEveryModelReady()).isFalse();
    }

    @Test
    void withoutAModelNothingIsReady() {
        assertThat(catalogue.isEveryModelReady()).isFalse();
        catalogue.heard(announcement("retired", "1", "w", false));
        now = 100;
        assertThat(catalogue.isEveryModelReady()).isFalse();
    }

    @Test
    void aModelThatMayScaleToZeroSleepsOnceItsLastWorkerHasLeft() {
        catalogue.heard(toZero("1", "a", true));
        catalogue.heard(toZero("1", "b", true));
        catalogue.heard(toZero("1", "a", false));
        assertThat(catalogue.sleep("m")).isEmpty();
        catalogue.heard(toZero("1", "b", false));
        assertThat(catalogue.sleep("m")).isPresent();
        assertThat(catalogue.isEveryModelReady()).isTrue();
        assertThat(catalogue.isReady("m", ANY)).isFalse();

        now = Duration.ofDays(3).toNanos();
        assertThat(catalogue.isInService("m")).isTrue();
        assertThat(catalogue.find("m", ANY)).isPresent();
        catalogue.heard(toZero("1", "c", false));
        assertThat(catalogue.sleep("m")).as("c loads it").isPresent();
        catalogue.heard(toZero("1", "c", true));
        assertThat(catalogue.sleep("m")).isEmpty();
    }

    @Test
    void aModelWhoseLastWorkerDiedSleepsToo() {
        catalogue.heard(toZero("1", "a", true));
        now = 90;
        assertThat(catalogue.sleep("m")).isEmpty();
        now = 100;
        assertThat(catalogue.sleep("m")).isPresent();
    }

    @Test
    void aModelThatAlwaysNeedsAWorkerNeverSleeps() {
        catalogue.heard(announcement("1", "a", true));
        catalogue.heard(announcement("1", "a", false));
        now = 100;
        assertThat(catalogue.sleep("m")).isEmpty();
        assertThat(catalogue.isInService("m")).isFalse();
    }

    @Test
    void anIngressThatStartsKnowsWhatSleeps() {
        now = Duration.ofHours(2).toNanos();
        catalogue.heardBefore(toZero("1", "a", false), Duration.ofHours(1));
        assertThat(catalogue.sleep("m")).isPresent();
        assertThat(catalogue.isInService("m")).isTrue();
    }

    @Test
    void anIngressThatStartsWaitsForWorkersThatMayBeAlive() {
        catalogue.heardBefore(toZero("1", "a", true), Duration.ofNanos(50));
        assertThat(catalogue.sleep("m")).isEmpty();
        now = 50;
        assertThat(catalogue.sleep("m")).isPresent();
    }

    @Test
    void aModelThatItsWorkerCannotServeDoesNotSleep() {
        catalogue.heard(toZero("1", "a", false));
        catalogue
                .statuses()
                .heard(
                        new ModelStatus("m", Optional.of("1"), "a", ModelStatus.State.UNAVAILABLE, "a bug stopped it"),
                        Duration.ZERO);
        assertThat(catalogue.sleep("m")).isEmpty();
    }

    /** Nobody would serve a version that was rolled back. */
    @Test
    void withoutAWorkerTheVersionIsOneOfThoseThatWereAnnouncedLast() {
        catalogue.heard(announcement("3", "rolled back", false));
        now = 100;
        catalogue.heard(announcement("1", "w", false));
        now = 101;
        catalogue.heard(announcement("2", "w", false));
        assertThat(catalogue.find("m", ANY).map(Announcement::version)).hasValue("2");
    }

    private static Announcement toZero(String version, String worker, boolean ready) {
        return announcement("m", version, worker, ready)
                .scalingToZero(Optional.of(new ScaleToZero(Duration.ofSeconds(30), OptionalInt.empty())));
    }

    private static Map<Lane, List<Integer>> reads(Integer... partitions) {
        return Map.of(Lane.INTERACTIVE, List.of(partitions), Lane.BULK, List.of());
    }

    private static Announcement announcement(String version, String worker, boolean ready) {
        return announcement("m", version, worker, ready);
    }

    private static Announcement announcement(String model, String version, String worker, boolean ready) {
        return announcement(model, version, worker, ready, 100);
    }

    private static Announcement announcement(String version, String worker, boolean ready, long commitIntervalMs) {
        return announcement("m", version, worker, ready, commitIntervalMs);
    }

    private static Announcement announcement(
            String model, String version, String worker, boolean ready, long commitIntervalMs) {
        return new Announcement(
                model,
                version,
                worker,
                new Signature(List.of(), List.of()),
                8,
                1000,
                0,
                commitIntervalMs,
                "cpu",
                ready,
                Optional.empty());
    }

    private static PartitionReader reader(Map<Integer, PartitionReader> readers, int partition) {
        return Objects.requireNonNull(readers.get(partition));
    }
}
