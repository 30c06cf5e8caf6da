package dev.penstock.cli.bench;

/** {@code ./penstock bench NAME}: one of the benchmarks, with its options. */
public sealed interface BenchCommand
        permits SyncCommand,
                DoorsCommand,
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
                SelfCommand {}
