package dev.penstock.ingress.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.Announcement;
import dev.penstock.protocol.Signature;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CatalogueTest {
    private static final Optional<String> ANY = Optional.empty();

    private long now;
    private final Catalogue catalogue = new Catalogue(100, () -> now);

    @Test
    void isReadyWhileAWorkerSaysSo() {
        catalogue.heard(announcement("1", "w", true), true);
        assertThat(catalogue.isReady("m", ANY)).isTrue();
        now = 100;
        assertThat(catalogue.isReady("m", ANY)).isFalse();
        assertThat(catalogue.find("m", ANY)).isPresent();
    }

    @Test
    void isNotReadyByWhatTheTopicHeldBefore() {
        catalogue.heard(announcement("1", "w", true), false);
        assertThat(catalogue.find("m", ANY)).isPresent();
        assertThat(catalogue.isReady("m", ANY)).isFalse();
    }

    @Test
    void isReadyAsLongAsOneOfSeveralWorkersIs() {
        catalogue.heard(announcement("1", "a", false), true);
        catalogue.heard(announcement("1", "b", true), true);
        assertThat(catalogue.isReady("m", ANY)).isTrue();
    }

    @Test
    void choosesTheHighestVersionThatIsReady() {
        catalogue.heard(announcement("2", "w", true), true);
        catalogue.heard(announcement("10", "w", true), true);
        catalogue.heard(announcement("11", "w", false), true);
        assertThat(catalogue.find("m", ANY).map(Announcement::version)).hasValue("10");
        assertThat(catalogue.find("m", Optional.of("2")).map(Announcement::version))
                .hasValue("2");
        assertThat(catalogue.find("m", Optional.of("3"))).isEmpty();
        assertThat(catalogue.versions("m").keySet()).containsExactly("2", "10", "11");
    }

    @Test
    void ordersVersionsThatAreDates() {
        catalogue.heard(announcement("20261124093000", "w", true), true);
        catalogue.heard(announcement("20261124093001", "w", true), true);
        catalogue.heard(announcement("9", "w", true), true);
        assertThat(catalogue.versions("m").keySet()).containsExactly("9", "20261124093000", "20261124093001");
    }

    @Test
    void forgetsWhatIsDeleted() {
        Announcement announcement = announcement("1", "w", true);
        catalogue.heard(announcement, true);
        catalogue.forgotten(announcement.key());
        assertThat(catalogue.models()).isEmpty();
    }

    @Test
    void theSlowestLiveWorkerSaysHowOftenAModelIsCommitted() {
        catalogue.heard(announcement("1", "gone", true, 5_000), true);
        now = 100;
        assertThat(catalogue.commitIntervalMillis("m")).isEqualTo(Announcement.DEFAULT_COMMIT_INTERVAL_MS);
        catalogue.heard(announcement("1", "a", true, 20), true);
        catalogue.heard(announcement("1", "b", true, 400), true);
        catalogue.heard(announcement("1", "stopping", false, 1_000), true);
        assertThat(catalogue.commitIntervalMillis("m")).isEqualTo(400);
    }

    private static Announcement announcement(String version, String worker, boolean ready) {
        return announcement(version, worker, ready, 100);
    }

    private static Announcement announcement(String version, String worker, boolean ready, long commitIntervalMs) {
        return new Announcement(
                "m", version, worker, new Signature(List.of(), List.of()), 8, 1000, 0, commitIntervalMs, "cpu", ready);
    }
}
