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
 * The properties of reading requests, in bounded memory. An input is either read, or rejected with a valid problem. A request that was read
 * reads back equal, in whichever form it is written.
 */
final class RequestProperties {
    /** Small limits, so that inputs reach them. */
    static final RequestReader READER = new RequestReader(new ReaderLimits(1 << 20, 8, 1 << 16, 8, 1 << 12));

    /** Higher limits, because escapes make text longer. */
    private static final RequestReader LENIENT_READER =
            new RequestReader(new ReaderLimits(1 << 26, 8, 1 << 16, 8, 1 << 20));

    private static final int FACTOR = 64;

    /** Reads a payload, or throws if it is rejected. */
    interface Reading {
        InferenceRequest read() throws InvalidRequestException;
    }

    private RequestProperties() {}

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
            checkProblem(invalid);
            return Optional.empty();
        }
    }

    static void checkProblem(InvalidRequestException invalid) {
        try {
            Problem problem = Problem.of(invalid);
            if (!Problem.read(problem.toJson()).equals(problem)) {
                throw new AssertionError("the problem reads back differently: " + problem);
            }
            if (invalid.field().isEmpty() || invalid.rule().isEmpty()) {
                throw new AssertionError("the problem names no field or no rule: " + problem);
            }
        } catch (IOException broken) {
            throw new AssertionError("the problem cannot be read", broken);
        }
    }

    private static void checkReadsAgain(InferenceRequest request, Predicate<String> binary) {
        try {
            InferenceRequest again = LENIENT_READER.read(RequestWriter.write(request, binary));
            if (!OneNaN.in(again).equals(OneNaN.in(request))) {
                throw new AssertionError(request + " reads back as " + again);
            }
        } catch (NoJsonFormException notInJson) {
            if (binary.test(request.inputs().getFirst().name())
                    && request.inputs().size() == 1) {
                throw new AssertionError("the binary form must represent every tensor", notInJson);
            }
        } catch (InvalidRequestException invalid) {
            throw new AssertionError("a written request was rejected", invalid);
        }
    }
}
