package dev.penstock.worker.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.worker.reply.Resolution;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class UnresolvedTest {
    private final Unresolved<String> unresolved = new Unresolved<>();
    private final List<String> released = new ArrayList<>();

    @Test
    void oneThatIsLookedUpDoesNotHoldBackAnother() {
        CompletableFuture<Resolution> slow = new CompletableFuture<>();
        unresolved.add("slow", slow);
        unresolved.add("known", CompletableFuture.completedFuture(new Resolution.To(Optional.empty())));

        unresolved.release((request, resolution) -> released.add(request));
        assertThat(released).containsExactly("known");
        assertThat(unresolved.size()).isEqualTo(1);

        slow.complete(new Resolution.To(Optional.empty()));
        unresolved.release((request, resolution) -> released.add(request));
        assertThat(released).containsExactly("known", "slow");
        assertThat(unresolved.size()).isZero();
    }
}
