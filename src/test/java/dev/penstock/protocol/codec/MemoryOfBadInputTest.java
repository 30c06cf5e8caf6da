package dev.penstock.protocol.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Payload;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A rejected body cannot cause large allocations through the sizes that it claims or the members that it repeats. */
class MemoryOfBadInputTest {
    private static final int MIB = 1 << 20;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    static final Arguments[] bodies = {
        Arguments.of("2^40 elements", input("[1099511627776]", "[]")),
        Arguments.of("2^24 elements, the most", input("[16777216]", "[]")),
        Arguments.of("a million rows of nothing", input("[1000000,0,16777216]", "[]")),
        Arguments.of("a number of 10 million digits", input("[1]", "[" + "7".repeat(10_000_000) + "]")),
        Arguments.of("a dimension of 10 million digits", input("[" + "7".repeat(10_000_000) + "]", "[]")),
        Arguments.of("a name of 10 million bytes", "{\"inputs\":[{\"name\":\"" + "x".repeat(10_000_000) + "\"}]}"),
        Arguments.of("a key of 10 million bytes", "{\"" + "x".repeat(10_000_000) + "\":1}"),
        Arguments.of("an id of 5 million escapes", "{\"id\":\"" + "\\n".repeat(5_000_000) + "\"}"),
        Arguments.of("three million empty arrays", input("[1,1]", "[" + "[],".repeat(3_000_000) + "[]]")),
        Arguments.of("three million empty arrays before their shape", early("[" + "[],".repeat(3_000_000) + "{}]")),
        Arguments.of("five million brackets", early("[".repeat(5_000_000))),
        Arguments.of("a million parameters", "{\"parameters\":{" + entries(700_000) + "}}"),
        Arguments.of("300,000 inputs", "{\"inputs\":[" + "{},".repeat(300_000) + "{}]}"),
        Arguments.of("700,000 dimensions", input("[" + "1,".repeat(700_000) + "1]", "[]")),
        Arguments.of("10 million spaces", " ".repeat(10_000_000)),
    };

    @ParameterizedTest(name = "{0}")
    @FieldSource("bodies")
    void takesLessThanAMebibyte(String what, String body) {
        assertThat(bytesAllocatedToRefuse(Payload.json(body.getBytes(UTF_8)))).isLessThan(MIB);
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 31, 1L << 40, Long.MAX_VALUE})
    void aBlobAllocatesNothingForTheSizeItClaims(long claimed) {
        byte[] json = ("{\"inputs\":[{\"name\":\"x\",\"shape\":[16777216],\"datatype\":\"BYTES\",\"parameters\":"
                        + "{\"binary_data_size\":" + claimed + "}}]}")
                .getBytes(UTF_8);
        assertThat(bytesAllocatedToRefuse(Payload.binary(ByteBuffer.wrap(json), json.length)))
                .isLessThan(MIB);
    }

    /** Measures the second read, so that class loading does not count. */
    private static long bytesAllocatedToRefuse(Payload payload) {
        RequestReader reader = new RequestReader(ReaderLimits.DEFAULT);
        long before = 0;
        for (int i = 0; i < 2; i++) {
            before = THREADS.getCurrentThreadAllocatedBytes();
            try {
                reader.read(payload);
                throw new AssertionError("was taken");
            } catch (InvalidRequestException expected) {
                assertThat(expected.rule()).isNotEmpty();
            }
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    private static String input(String shape, String data) {
        return "{\"inputs\":[{\"name\":\"x\",\"shape\":" + shape + ",\"datatype\":\"FP64\",\"data\":" + data + "}]}";
    }

    private static String early(String data) {
        return "{\"inputs\":[{\"data\":" + data + "}]}";
    }

    private static String entries(int count) {
        StringBuilder entries = new StringBuilder();
        for (int i = 0; i < count; i++) {
            entries.append(i == 0 ? "" : ",").append('"').append(i).append("\":0");
        }
        return entries.toString();
    }
}
