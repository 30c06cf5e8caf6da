package dev.penstock.messages;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.Arrays;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class RequestIdProperties {
    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private final RequestIds ids = new RequestIds("0123456789abcdef".getBytes(UTF_8));

    @Property
    void verifiesIssuedIdsWithAllTheirFields(
            @ForAll @LongRange(min = 0, max = (1L << 48) - 1) long nowMillis,
            @ForAll @LongRange(min = 0, max = (1L << 32) - 1) long timeoutMillis,
            @ForAll int tenantTag,
            @ForAll int instance,
            @ForAll int sequence) {
        RequestId id = ids.issue(nowMillis, timeoutMillis, tenantTag, instance, sequence);

        assertThat(id.toString()).hasSize(43).matches("[A-Za-z0-9_-]+");
        assertThat(ids.verify(id.toString())).contains(id);
        assertThat(id.issuedAt()).isEqualTo(Instant.ofEpochMilli(nowMillis));
        assertThat(id.deadline()).isEqualTo(Instant.ofEpochMilli(nowMillis + timeoutMillis));
    }

    @Property(tries = 5000)
    void rejectsAChangeOfAnyCharacter(@ForAll int sequence, @ForAll @IntRange(max = 42) int at) {
        String good = ids.issue(1_790_000_000_000L, 30_000, 7, 3, sequence).text();

        for (String c : ALPHABET.split("", 0)) {
            String changed = good.substring(0, at) + c + good.substring(at + 1);
            assertThat(ids.verify(changed).isPresent()).isEqualTo(changed.equals(good));
        }
    }

    @Property
    void rejectsIdsThatWereNeverIssued(@ForAll @CharRange(from = ' ', to = '~') String text) {
        assertThat(ids.verify(text)).isEmpty();
    }

    @Example
    void rejectsIdsSignedWithAnotherKey() {
        RequestIds others = new RequestIds("fedcba9876543210".getBytes(UTF_8));

        assertThat(others.verify(ids.issue(1, 1, 1, 1, 1).text())).isEmpty();
    }

    @Example
    void consecutiveIdsHaveUnrelatedSignatures() {
        String[] tails = new String[1000];
        Arrays.setAll(tails, i -> ids.issue(1, 1, 1, 1, i).text().substring(30));

        assertThat(tails).doesNotHaveDuplicates();
    }

    @Example
    void namesTheAllowedRanges() {
        assertThatThrownBy(() -> ids.issue(-1, 1, 1, 1, 1)).hasMessageContaining("nowMillis must be in 0..");
        assertThatThrownBy(() -> ids.issue(1, 1L << 32, 1, 1, 1)).hasMessageContaining("timeoutMillis must be in 0..");
        assertThatThrownBy(() -> new RequestIds(new byte[15])).hasMessageContaining("16 bytes or more, had 15");
    }
}
