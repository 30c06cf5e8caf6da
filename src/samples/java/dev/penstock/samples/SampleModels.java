package dev.penstock.samples;

import dev.penstock.cli.command.ModelsCommand;
import dev.penstock.cli.command.Tool;
import dev.penstock.inspect.InspectTool;
import java.io.IOException;

/** {@code ./penstock models}. */
public final class SampleModels implements Tool<ModelsCommand> {

    @Override
    public int run(ModelsCommand command) throws IOException, InterruptedException {
        switch (command) {
            case ModelsCommand.Inspect inspect -> {
                return new InspectTool(System.out).run(inspect.place());
            }
            case ModelsCommand.FetchMinilm minilm -> FetchMinilm.fetch();
            case ModelsCommand.BuildDigits digits -> DigitsTraining.write();
            case ModelsCommand.BuildChurn churn -> ChurnTraining.write();
        }
        return 0;
    }
}
