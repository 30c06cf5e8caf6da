package dev.penstock.process;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.smallrye.config.ConfigValidationException;
import java.util.List;
import java.util.Objects;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The exit codes of a start that failed, and the log of a start that was stopped. */
public final class ProcessEnd {
    /** EX_CONFIG of sysexits: only another configuration helps. */
    public static final int BAD_CONFIGURATION = 78;

    /** Kept, since a logger that nobody holds forgets its filter. */
    private static final List<Logger> REPORT_FAILED_STARTS =
            List.of(Logger.getLogger("io.quarkus.runtime.Quarkus"), Logger.getLogger("io.quarkus.runtime.Application"));

    private ProcessEnd() {}

    /** After SIGTERM a start goes on until something needs a shutdown hook. That is no failure, and not worth a stack trace. */
    public static void keepStopsOutOfTheLog() {
        REPORT_FAILED_STARTS.forEach(
                logger -> logger.setFilter(entry -> causes(entry.getThrown()).noneMatch(ProcessEnd::isStop)));
    }

    /** @param code that the framework would end with */
    public static int code(int code, @Nullable Throwable cause) {
        boolean isConfiguration = causes(cause)
                .anyMatch(each -> each instanceof ConfigurationException || each instanceof ConfigValidationException);
        return isConfiguration ? BAD_CONFIGURATION : code;
    }

    private static boolean isStop(Throwable cause) {
        return cause instanceof IllegalStateException && "Shutdown in progress".equals(cause.getMessage());
    }

    private static Stream<Throwable> causes(@Nullable Throwable failure) {
        return Stream.iterate(failure, Objects::nonNull, Throwable::getCause);
    }
}
