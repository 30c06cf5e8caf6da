package dev.penstock.fuzz;

import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Problem;
import dev.penstock.protocol.codec.NoJsonFormException;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.protocol.codec.RequestWriter;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The properties of reading requests: refused with a problem that can be told, or read; and what was read reads the same again, however it
 * is written. In bounded memory.
 */
final class Requests {
    /** Small, so that the limits themselves are met. */
    static final RequestReader READER = new RequestReader(new ReaderLimits(1 << 20, 8, 1 << 16, 8, 1 << 12));

    /** Text grows when it is written with escapes. */
    private static final RequestReader LENIENT_READER =
            new RequestReader(new ReaderLimits(1 << 26, 8, 1 << 16, 8, 1 << 20));

    private static final int FACTOR = 64;

    /** Reads from a payload. */
    interface Reading {
        InferenceRequest read() throws InvalidRequestException;
    }

    private Requests() {}

    static void check(Payload payload, Reading reading) {
        request(payload, reading).ifPresent(request -> {
            checkReadsAgain(request, name -> true);
            checkReadsAgain(request, name -> false);
            checkReadsAgain(request, name -> name.hashCode() % 2 == 0);
        });
    }

    private static Optional<InferenceRequest> request(Payload payload, Reading reading) {
        try {
            return Optional.of(Allocation.bounded(payload.bytes().remaining(), FACTOR, reading::read));
        } catch (InvalidRequestException invalid) {
            checkCanBeTold(invalid);
            return Optional.empty();
        }
    }

    static void checkCanBeTold(InvalidRequestException invalid) {
        try {
            Problem problem = Problem.of(invalid);
            if (!Problem.read(problem.toJson()).equals(problem)) {
                throw new AssertionError("the problem reads differently: " + problem);
            }
            if (invalid.field().isEmpty() || invalid.rule().isEmpty()) {
                throw new AssertionError("names no field or no rule: " + problem);
            }
        } catch (IOException broken) {
            throw new AssertionError("the problem cannot be read", broken);
        }
    }

    private static void checkReadsAgain(InferenceRequest request, Predicate<String> binary) {
        try {
            InferenceRequest again = LENIENT_READER.read(RequestWriter.write(request, binary));
            if (!again.equals(request)) {
                throw new AssertionError(request + " reads as " + again);
            }
        } catch (NoJsonFormException notInJson) {
            if (binary.test(request.inputs().getFirst().name())
                    && request.inputs().size() == 1) {
                throw new AssertionError("the binary form holds everything", notInJson);
            }
        } catch (InvalidRequestException invalid) {
            throw new AssertionError("what was written is refused", invalid);
        }
    }
}
