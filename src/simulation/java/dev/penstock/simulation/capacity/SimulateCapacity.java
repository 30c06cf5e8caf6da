package dev.penstock.simulation.capacity;

import dev.penstock.cli.command.CapacityCommand;
import dev.penstock.cli.command.Tool;
import dev.penstock.cli.command.UsageException;

/** {@code ./penstock simulate capacity}: prints what a deployment needs. */
public final class SimulateCapacity implements Tool<CapacityCommand> {
    private static final double PERCENT = 100;

    @Override
    public int run(CapacityCommand command) {
        plan(command).lines().forEach(System.out::println);
        return 0;
    }

    static Plan plan(CapacityCommand command) {
        try {
            return new Plan(new Demand(
                    command.rate(),
                    command.rows(),
                    command.requestBytes(),
                    command.replyBytes(),
                    command.keptPercent() / PERCENT,
                    command.workerRows(),
                    command.loadPercent() / PERCENT,
                    command.replicas(),
                    command.requestHours(),
                    command.resultHours(),
                    command.pollableHours(),
                    command.brokerCores(),
                    command.ingressCores()));
        } catch (IllegalArgumentException mistake) {
            throw new UsageException(String.valueOf(mistake.getMessage()));
        }
    }
}
