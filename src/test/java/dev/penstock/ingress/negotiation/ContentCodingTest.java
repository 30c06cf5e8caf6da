package dev.penstock.ingress.negotiation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.ingress.call.ProblemException;
import dev.penstock.protocol.InvalidRequestException;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ContentCodingTest {
    private static final int MIB = 1 << 20;

    @ParameterizedTest
    @EnumSource
    void unpacksWhatItPacks(ContentCoding coding) throws Exception {
        byte[] body = "{\"inputs\":[1,2,3]}".repeat(1000).getBytes(UTF_8);

        byte[] packed = coding.pack(body);

        assertThat(packed).hasSizeLessThan(body.length / 10);
        assertThat(coding.unpack(packed, MIB, 100)).isEqualTo(body);
        assertThat(coding.unpack(coding.pack(new byte[0]), MIB, 100)).isEmpty();
    }

    @Test
    void understandsDeflateWithoutAHeader() throws Exception {
        ByteArrayOutputStream raw = new ByteArrayOutputStream();
        try (DeflaterOutputStream out = new DeflaterOutputStream(raw, new Deflater(Deflater.BEST_SPEED, true))) {
            out.write("hello".getBytes(UTF_8));
        }

        assertThat(ContentCoding.DEFLATE.unpack(raw.toByteArray(), MIB, 100))
                .asString(UTF_8)
                .isEqualTo("hello");
    }

    @ParameterizedTest
    @EnumSource
    void stopsAtTheLimitOnBytes(ContentCoding coding) throws Exception {
        byte[] most = coding.pack(new byte[MIB]);
        byte[] oneMore = coding.pack(new byte[MIB + 1]);

        assertThat(coding.unpack(most, MIB, 1100)).hasSize(MIB);
        assertThatThrownBy(() -> coding.unpack(oneMore, MIB, 1100))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("at most 1048576 bytes (penstock.max-request-bytes)");
    }

    /** A few bytes must not cost much memory, whatever the limit on a body is. */
    @ParameterizedTest
    @EnumSource
    void stopsAtTheLimitOnTheRatio(ContentCoding coding) throws Exception {
        byte[] bomb = coding.pack(new byte[8 * MIB]);

        assertThatThrownBy(() -> coding.unpack(bomb, 100 * MIB, 100))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("100 times as long as the packed one (penstock.ingress.max-unpacking-ratio)");
        assertThat(coding.unpack(coding.pack(new byte[256 * 1024]), 100 * MIB, 1))
                .hasSize(256 * 1024);
    }

    @ParameterizedTest
    @EnumSource
    void refusesWhatIsCutOrBroken(ContentCoding coding) {
        byte[] packed = coding.pack("hello, hello, hello".getBytes(UTF_8));
        byte[] broken = packed.clone();
        Arrays.fill(broken, packed.length / 2, packed.length, (byte) 0x55);

        for (byte[] bad : List.of(Arrays.copyOf(packed, packed.length - 9), broken, new byte[0], new byte[] {'{'})) {
            assertThatThrownBy(() -> coding.unpack(bad, MIB, 100))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("must have the Content-Encoding " + coding.label());
        }
    }

    @ParameterizedTest
    @CsvSource({"gzip, GZIP", "x-gzip, GZIP", "' GZip', GZIP", "deflate, DEFLATE"})
    void knowsTheCodingsOfABody(String header, ContentCoding coding) {
        assertThat(ContentCoding.of(List.of(header))).hasValue(coding);
    }

    @Test
    void knowsABodyWithoutOne() {
        assertThat(ContentCoding.of(List.of())).isEmpty();
        assertThat(ContentCoding.of(List.of("identity"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"br", "zstd", "gzip, gzip", "identity, gzip"})
    void refusesOtherCodingsAndSaysWhichItKnows(String header) {
        assertThatThrownBy(() -> ContentCoding.of(List.of(header)))
                .isInstanceOfSatisfying(ProblemException.class, refused -> {
                    assertThat(refused.problem().status()).isEqualTo(415);
                    assertThat(refused.headers()).containsEntry("Accept-Encoding", "gzip, deflate");
                });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gzip                    | GZIP",
                "gzip, deflate, br, zstd | GZIP",
                "deflate                 | DEFLATE",
                "gzip;q=0.4, deflate     | DEFLATE",
                "gzip;q=0, *             | DEFLATE",
                "*                       | GZIP",
                "identity;q=0.5, gzip    | GZIP",
                "identity, gzip;q=0.5    | ",
                "gzip;q=0                | ",
                "br                      | ",
                "identity                | "
            })
    void choosesTheCodingThatTheClientLikesBest(String header, ContentCoding coding) {
        assertThat(ContentCoding.accepted(List.of(header))).isEqualTo(Optional.ofNullable(coding));
        assertThat(ContentCoding.accepted(List.of())).isEmpty();
    }
}
