package dev.penstock.app;

import dev.penstock.process.ProcessEnd;
import io.quarkus.runtime.ApplicationLifecycleManager;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;

/** The main class of the production package. */
@QuarkusMain
public final class Main {
    Main() {}

    public static void main(String... arguments) {
        ProcessEnd.keepStopsOutOfTheLog();
        ApplicationLifecycleManager.setDefaultExitCodeHandler(
                (code, cause) -> System.exit(ProcessEnd.code(code, cause)));
        Quarkus.run(arguments);
    }
}
