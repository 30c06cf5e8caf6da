package dev.penstock.cli.bench;

/** {@code ./penstock bench NAME}: one of the benchmarks, with its options. */
public sealed interface BenchCommand
        permits SyncCommand,
                DoorsCommand,
                FormsCommand,
                LimitCommand,
                BatchingCommand,
                TuningCommand,
                DeadlinesCommand,
                OverloadCommand,
                TenantsCommand,
                FeaturesCommand,
                FeaturesTroubleCommand,
                BatcherCommand,
                AssemblyCommand,
                IdleModelsCommand,
                WarmCommand,
                CostCommand,
                GrowthCommand,
                EdgeCommand,
                SelfCommand {}
