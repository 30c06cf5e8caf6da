package dev.penstock.mutants;

import java.util.List;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** Runs the tests that its arguments name, one after the other, until one fails. Its last line names the failed test. */
final class MutantRun {
    static final String PASSED = "SURVIVED";
    private static final String FOUND = "found by ";

    private MutantRun() {}

    static boolean isVerdict(String line) {
        return line.equals(PASSED) || line.startsWith(FOUND);
    }

    public static void main(String[] tests) {
        String verdict = PASSED;
        for (int i = 0; i < tests.length && verdict.equals(PASSED); i++) {
            TestExecutionSummary summary = run(tests[i]);
            if (summary.getTestsFoundCount() == 0) {
                throw new IllegalStateException(tests[i] + " must have tests");
            }
            if (!summary.getFailures().isEmpty()) {
                verdict = found(tests[i], summary.getFailures());
            }
        }
        System.out.println(verdict);
        System.exit(0); // a mutant may have left a thread running
    }

    private static String found(String test, List<TestExecutionSummary.Failure> failures) {
        failures.forEach(failure -> failure.getException().printStackTrace());
        String tests = test.replaceFirst("#.*", "");
        String first = failures.getFirst().getTestIdentifier().getLegacyReportingName();
        String others = failures.size() == 1 ? "" : " and " + (failures.size() - 1) + " more";
        return FOUND + tests.substring(tests.lastIndexOf('.') + 1) + "." + first + others;
    }

    private static TestExecutionSummary run(String test) {
        String[] classAndMethod = test.split("#", 2);
        PostDiscoveryFilter chosen = each -> FilterResult.includedIf(classAndMethod.length == 1
                || each.getSource()
                        .filter(source -> source instanceof MethodSource method
                                && method.getMethodName().equals(classAndMethod[1]))
                        .isPresent());
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(DiscoverySelectors.selectClass("dev.penstock." + classAndMethod[0]))
                .filters(chosen)
                .build();
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        LauncherFactory.create().execute(request, summary);
        return summary.getSummary();
    }
}
