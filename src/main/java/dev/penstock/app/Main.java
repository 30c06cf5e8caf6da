package dev.penstock.app;

import dev.penstock.process.HealthCheck;
import dev.penstock.process.ProcessEnd;
import io.quarkus.runtime.ApplicationLifecycleManager;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;

/** The main class of the production package. */
@QuarkusMain
public final class Main {
    Main() {}

    /** @param arguments none, or {@code health-check} and the address to ask, where the program is not on a class path */
    public static void main(String... arguments) {
        if (arguments.length == 2 && arguments[0].equals("health-check")) {
            HealthCheck.main(arguments[1]);
        }
        ProcessEnd.keepStopsOutOfTheLog();
        ApplicationLifecycleManager.setDefaultExitCodeHandler(
                (code, cause) -> System.exit(ProcessEnd.code(code, cause)));
        Quarkus.run(arguments);
    }
}
