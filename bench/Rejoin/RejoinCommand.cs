using System.CommandLine;
using Bft.Engine;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Supervision;

namespace Bft.Bench.Rejoin;

/// <summary>The command <c>rejoin</c>.</summary>
internal static class RejoinCommand
{
    /// <summary>Builds it.</summary>
    public static Command Build(Option<bool> json)
    {
        var command = new Command("rejoin", "One of four validators is down under load until it is many blocks behind, comes back and catches up; what that costs the clients of the others.");
        var blocks = new Option<int>("--blocks") { DefaultValueFactory = _ => 100_000, Description = "How far behind. At 150 blocks a second, 100,000 take eleven minutes." };
        var rate = new Option<double>("--rate") { DefaultValueFactory = _ => 500, Description = "Transactions offered a second." };
        var wiped = new Option<bool>("--wiped") { Description = "It lost its journal, blocks and snapshots as well, begins at the first block, and votes again by the rule for lost promises." };
        var pace = new Option<int>("--pace")
        {
            DefaultValueFactory = _ => TestnetDirectory.NeighbourlyCatchUp,
            Description = "Its catchUpBlocksPerSecond, as \"up\" writes it for validators that share a machine; 0 for as fast as it can.",
        };
        pace.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is not 0 and < ReplicaPorts.LeastCatchUpBlocksPerSecond)
            {
                result.AddError($"--pace is 0 or at least {ReplicaPorts.LeastCatchUpBlocksPerSecond}");
            }
        });
        foreach (Option option in new Option[] { blocks, rate, wiped, pace, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(async (result, cancellation) =>
        {
            string directory = Path.Combine(Path.GetTempPath(), $"bft-rejoin-{Environment.ProcessId}");
            try
            {
                RejoinReport report = await new RejoinRun(directory, result.GetValue(blocks), result.GetValue(rate), result.GetValue(wiped), result.GetValue(pace), Console.Error).RunAsync(cancellation);
                Console.WriteLine(result.GetValue(json)
                    ? JsonOutput.Line(report)
                    : $"{report.BlocksBehind:N0} blocks behind, level after {report.CatchUpSeconds} s ({report.BlocksPerSecond:N0} blocks a second); clients' p99 {report.DownLatencyMs.P99} ms before, {report.CatchUpLatencyMs.P99} ms meanwhile ({report.P99Ratio} times), {report.LevelLatencyMs.P99} ms after; {report.Failed} failed");
                return report.Failed == 0 ? 0 : 1;
            }
            finally
            {
                if (Directory.Exists(directory))
                {
                    Directory.Delete(directory, recursive: true);
                }
            }
        });
        return command;
    }
}
