package dev.penstock.ingress.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ingress.call.RepositoryIndex.Entry;
import dev.penstock.messages.Announcement;
import dev.penstock.messages.ModelStatus;
import dev.penstock.messages.ModelStatus.State;
import dev.penstock.protocol.ScaleToZero;
import dev.penstock.protocol.Signature;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class RepositoryIndexTest {
    private static final Optional<String> ONE = Optional.of("1");
    private static final Optional<String> NONE = Optional.empty();

    private long now;
    private final Catalogue catalogue = new Catalogue(100, () -> now);

    @Test
    void listsEachVersionWithItsState() {
        announce("ready", "2", "w", true);
        announce("ready", "10", "w", true);
        say("ready", "11", "w", State.UNAVAILABLE, "it is empty");
        say("broken", "", "w", State.UNAVAILABLE, "it has no version");
        say("large", "1", "w", State.LOADING, "it is being loaded");

        assertThat(index())
                .containsExactly(
                        new Entry("broken", NONE, State.UNAVAILABLE, "it has no version"),
                        new Entry("large", ONE, State.LOADING, "it is being loaded"),
                        new Entry("ready", Optional.of("2"), State.READY, ""),
                        new Entry("ready", Optional.of("10"), State.READY, ""),
                        new Entry("ready", Optional.of("11"), State.UNAVAILABLE, "it is empty"));
    }

    @Test
    void listsEachFolderThatIsNoVersionWithItsOwnReason() {
        announce("m", "1", "w", true);
        say("m", "v2", "w", State.UNAVAILABLE, "v2 is no version");
        say("m", "latest", "w", State.UNAVAILABLE, "latest is no version");

        assertThat(index())
                .containsExactly(
                        new Entry("m", Optional.of("latest"), State.UNAVAILABLE, "latest is no version"),
                        new Entry("m", Optional.of("v2"), State.UNAVAILABLE, "v2 is no version"),
                        new Entry("m", ONE, State.READY, ""));
    }

    @Test
    void showsARemarkOnAModelThatIsServed() {
        announce("m", "1", "w", true);
        say("m", "1", "w", State.READY, "it is not fully warm");

        assertThat(index()).containsExactly(new Entry("m", ONE, State.READY, "it is not fully warm"));
    }

    @Test
    void aModelThatABugStoppedIsUnavailableUntilAnotherWorkerServesIt() {
        announce("m", "1", "w", false);
        say("m", "1", "w", State.UNAVAILABLE, "a bug stopped it");
        assertThat(index()).containsExactly(new Entry("m", ONE, State.UNAVAILABLE, "a bug stopped it"));
        assertThat(catalogue.refusal("m", "1")).hasValue("a bug stopped it");

        announce("m", "1", "other", true);
        assertThat(index()).containsExactly(new Entry("m", ONE, State.READY, ""));
        assertThat(catalogue.refusal("m", "1")).isEmpty();
    }

    @Test
    void aModelWithoutAWorkerSaysSo() {
        announce("m", "1", "w", true);
        now = Duration.ofHours(1).toNanos();

        assertThat(index())
                .containsExactly(new Entry(
                        "m", ONE, State.UNAVAILABLE, "its workers: none has announced it in the last 10 minutes"));
    }

    @Test
    void aModelThatHasScaledToZeroSleepsUntilItsStartIsOverdue() {
        catalogue.heard(toZero("m", "1"));
        now = 100;
        catalogue.heard(toZero("m", "2"));

        assertThat(index()).extracting(Entry::state).containsExactly(State.UNAVAILABLE, State.SLEEPING);
        assertThat(index().getLast().reason())
                .isEqualTo("it has scaled to zero; the next request starts a worker within 30 s");

        catalogue.sleep("m").orElseThrow().asked();
        say("m", "2", "new", State.LOADING, "it is being loaded");
        assertThat(index()).extracting(Entry::state).containsExactly(State.UNAVAILABLE, State.LOADING);

        now = Duration.ofMinutes(4).toNanos();
        assertThat(index()).extracting(Entry::state).containsExactly(State.UNAVAILABLE, State.UNAVAILABLE);
        assertThat(index().getLast().reason()).endsWith("wanted for 239 s, and should have started within 30 s");
    }

    private static Announcement toZero(String model, String version) {
        return announcement(model, version, "w", false)
                .scalingToZero(Optional.of(new ScaleToZero(Duration.ofSeconds(30), OptionalInt.empty())));
    }

    @Test
    void forgetsWhatAWorkerSaidThatIsSilentOrTookItBack() {
        say("m", "1", "w", State.UNAVAILABLE, "it is empty");
        say("n", "1", "w", State.UNAVAILABLE, "it is empty");
        catalogue
                .statuses()
                .forgotten(status("m", "1", "w", State.UNAVAILABLE, "").key());
        assertThat(index()).extracting(Entry::model).containsExactly("n");

        now = Duration.ofMinutes(3).toNanos();
        assertThat(index()).isEmpty();
    }

    @Test
    void listsOnlyWantedModels() {
        announce("mine", "1", "w", true);
        announce("theirs", "1", "w", true);

        assertThat(RepositoryIndex.of(catalogue, "mine"::equals))
                .extracting(Entry::model)
                .containsExactly("mine");
    }

    @Test
    void joinsTheDistinctReasonsOfWorkers() {
        say("m", "1", "a", State.UNAVAILABLE, "no memory");
        say("m", "1", "b", State.UNAVAILABLE, "no memory");
        say("m", "1", "c", State.UNAVAILABLE, "no locale");

        assertThat(catalogue.statuses().reason("m", ONE, State.UNAVAILABLE)).hasValue("no locale; no memory");
        assertThat(catalogue.statuses().reason("m", Optional.of("2"), State.UNAVAILABLE))
                .isEmpty();
    }

    private List<Entry> index() {
        return RepositoryIndex.of(catalogue, model -> true);
    }

    private void announce(String model, String version, String worker, boolean ready) {
        catalogue.heard(announcement(model, version, worker, ready));
    }

    private static Announcement announcement(String model, String version, String worker, boolean ready) {
        return new Announcement(
                model,
                version,
                worker,
                new Signature(List.of(), List.of()),
                8,
                1000,
                0,
                100,
                "cpu",
                ready,
                Optional.empty());
    }

    private void say(String model, String version, String worker, State state, String reason) {
        catalogue.statuses().heard(status(model, version, worker, state, reason), Duration.ZERO);
    }

    private static ModelStatus status(String model, String version, String worker, State state, String reason) {
        return new ModelStatus(model, version.isEmpty() ? NONE : Optional.of(version), worker, state, reason);
    }
}
