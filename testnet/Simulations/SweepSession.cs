using System.Globalization;
using Bft.Simulation.Runs;
using Bft.Testnet.CommandLine;
using Spectre.Console;

namespace Bft.Testnet.Simulations;

/// <summary>Many runs, with a bar that says how fast they go, and a summary.</summary>
internal static class SweepSession
{
    /// <summary>Does the runs.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="CommandException">A run showed a violation; the message has the first one's seed, and the command that shows it again.</exception>
    public static async Task<int> RunAsync(CommandEnvironment environment, Replies replies, SimulationRequest request, CancellationToken cancellation)
    {
        SweepReport report = await WithProgressAsync(environment, request, (progressed, found) => Task.Run(
            () => new Sweep(request.ToSweep()) { Progressed = progressed, Found = found }.Run(cancellation), CancellationToken.None));
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

    private static async Task<SweepReport> WithProgressAsync(
        CommandEnvironment environment, SimulationRequest request, Func<Action<SweepReport>?, Action<SweepViolation>?, Task<SweepReport>> run)
    {
        if (!environment.Terminal.ErrorIsTerminal)
        {
            return await run(null, null);
        }

        return await Terminal.Drawing(environment.Terminal.Error, isTerminal: true).Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context =>
            {
                ProgressTask task = context.AddTask("simulating", maxValue: Math.Max(1, (double)request.ToSweep().Runs));
                string bad = "";
                return run(
                    report =>
                    {
                        task.Value = report.Runs;
                        double seconds = task.ElapsedTime?.TotalSeconds ?? 0;
                        task.Description = string.Create(CultureInfo.InvariantCulture, $"{report.Runs} runs, {(seconds > 0 ? report.Runs / seconds : 0):0.0}/s{bad}");
                    },
                    violation => bad = Markup.Escape(string.Create(CultureInfo.InvariantCulture, $", violated: {violation.Check} by seed {violation.Seed}")));
            });
    }
}
