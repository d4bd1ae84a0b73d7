using System.Globalization;
using Bft.Simulation.Runs;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Simulations;

/// <summary>Many runs, with a bar that says how fast they go, and a summary.</summary>
internal static class SweepSession
{
    /// <summary>Does the runs.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="CommandException">A run showed a violation; the message has the first one's seed, and the command that shows it again.</exception>
    public static async Task<int> RunAsync(CommandEnvironment environment, Replies replies, SimulationRequest request, CancellationToken cancellation)
    {
        SweepOptions sweep = request.ToSweep();
        SweepReport report = await new SweepProgress(environment, "runs", sweep.Runs).ShowAsync((progressed, found) => Task.Run(
            () => new Sweep(sweep) { Progressed = progressed, Found = found }.Run(cancellation), CancellationToken.None));
        SimulationReport told = Tell(request, report);
        if (report.Failed > 0)
        {
            replies.Say(told.Describe());
            throw Failure(told, report.Failed);
        }

        replies.Answer(told, told.Describe);
        return report.Interrupted ? ExitCodes.Interrupted : ExitCodes.Success;
    }

    /// <summary>The error that ends a command whose runs showed a violation.</summary>
    public static CommandException Failure(SimulationReport told, ulong failed)
    {
        ViolationReport first = told.Violations[0];
        return new CommandException(
            string.Create(CultureInfo.InvariantCulture, $"{failed} of {told.Runs} runs violated an invariant, the first {first.Check}: {first.What}"),
            string.Create(CultureInfo.InvariantCulture, $"{first.Protocol}, n = {first.Nodes}, seed {first.Seed}"),
            $"see it again: {first.Replay} --trace")
        { Report = told };
    }

    private static SimulationReport Tell(SimulationRequest request, SweepReport report) => new()
    {
        Protocols = [.. request.Protocols.Select(protocol => protocol.Name)],
        Nodes = request.NodesText,
        FirstSeed = request.FirstSeed,
        Faults = request.Run.Mix.Name,
        Runs = report.Runs,
        Violations = [.. report.Violations.Select(violation => new ViolationReport(
            violation.Protocol, violation.Nodes, violation.Seed, violation.Check, violation.What, request.Replay(violation.Protocol, violation.Nodes, violation.Seed)))],
        BlocksCommitted = report.Blocks,
        Operations = report.Operations,
        Events = report.Events,
        DoubleSignsProved = report.Proved,
        FaultsInjected = SimulationReport.Named(report.Faults),
        Seconds = Math.Round(report.Elapsed.TotalSeconds, 3),
        Interrupted = report.Interrupted,
    };
}
