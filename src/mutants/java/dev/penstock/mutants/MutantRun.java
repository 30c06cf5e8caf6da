package dev.penstock.mutants;

import java.util.List;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** Runs the tests class by class, quick ones first, until one fails. Its last line names the failed test. */
final class MutantRun {
    static final String PASSED = "SURVIVED";
    private static final String FOUND = "found by ";
    private static final List<String> TESTS = List.of(
            "batching.BatcherTest",
            "batching.WindowTest",
            "worker.loop.SessionSlotsTest",
            "worker.loop.WorkerLoopTest",
            "worker.accepted.AcceptedRecordTest",
            "worker.accepted.OffsetLedgerTest",
            "worker.intake.rules.BackpressureTest",
            "worker.intake.rules.IntakeRulesTest",
            "batching.BatcherProperties",
            "batching.CostCurveProperties",
            "simulation.SimulationTest",
            "simulation.PolicyGridTest");

    private MutantRun() {}

    static boolean isVerdict(String line) {
        return line.equals(PASSED) || line.startsWith(FOUND);
    }

    public static void main(String[] arguments) {
        String verdict = PASSED;
        for (int i = 0; i < TESTS.size() && verdict.equals(PASSED); i++) {
            TestExecutionSummary summary = run("dev.penstock." + TESTS.get(i));
            if (summary.getTestsFoundCount() == 0) {
                throw new IllegalStateException(TESTS.get(i) + " must have tests");
            }
            if (!summary.getFailures().isEmpty()) {
                verdict = found(TESTS.get(i), summary.getFailures());
            }
        }
        System.out.println(verdict);
        System.exit(0); // a mutant may have left a thread running
    }

    private static String found(String tests, List<TestExecutionSummary.Failure> failures) {
        String first = failures.getFirst().getTestIdentifier().getLegacyReportingName();
        String others = failures.size() == 1 ? "" : " and " + (failures.size() - 1) + " more";
        return FOUND + tests.substring(tests.indexOf('.') + 1) + "." + first + others;
    }

    private static TestExecutionSummary run(String tests) {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(DiscoverySelectors.selectClass(tests))
                .build();
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        LauncherFactory.create().execute(request, summary);
        return summary.getSummary();
    }
}
