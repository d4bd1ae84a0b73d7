using System.Globalization;
using Bft.Engine;
using Bft.Simulation.Runs;
using Bft.Simulation.Shrinking;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Simulations;

/// <summary>Makes a failing run small, and runs what was made.</summary>
/// <param name="environment">What commands are built with.</param>
/// <param name="replies">How the command answers.</param>
/// <param name="planPath">Where the plan is written; null for nowhere.</param>
internal sealed class ShrinkSession(CommandEnvironment environment, Replies replies, string? planPath)
{
    /// <summary>Shrinks the run of a seed.</summary>
    /// <returns>The exit code: success when there was something to shrink.</returns>
    public async Task<int> RunAsync(SimulationRequest request, CancellationToken cancellation)
    {
        if (request.Protocols is not [ProtocolDescriptor protocol])
        {
            throw CommandException.Usage("a run to shrink is of one protocol", SimulationRequest.Command, "choose it with --protocol");
        }

        int nodes = request.ToSweep().NodesOf(request.FirstSeed);
        RunCase failing = RunCase.Of(protocol, nodes, request.FirstSeed, request.Run) with { Mutation = request.Mutation };
        SimulationOptions options = request.Run with { Cancellation = cancellation };
        ShrinkResult shrunk = await Task.Run(() => Shrinker(options).Shrink(failing), cancellation) ?? throw new CommandException(
            "the run violates nothing: there is nothing to shrink", string.Create(CultureInfo.InvariantCulture, $"{protocol.Name}, n = {nodes}, seed {request.FirstSeed}"), "give the seed and the options of a run that failed");
        if (planPath is not null)
        {
            SingleRun.WriteFile(planPath, writer => writer.Write(PlanFile.Write(shrunk.Smallest)));
        }

        string[] words = [.. PlanWords.Of(shrunk.Smallest)];
        var report = new ShrinkReport(
            shrunk.Smallest.Protocol,
            nodes,
            request.FirstSeed,
            shrunk.Violation.Check,
            shrunk.Violation.ToString(),
            failing.Plan.Faults.Count + failing.Plan.Traitors.Count,
            shrunk.Smallest.Plan.Faults.Count + shrunk.Smallest.Plan.Traitors.Count,
            shrunk.Runs,
            shrunk.Exhausted,
            words,
            planPath is null ? null : Path.GetFullPath(planPath));
        replies.Answer(report, report.Describe);
        return ExitCodes.Success;
    }

    /// <summary>Runs the plan in a file.</summary>
    public static Task<int> ReplayAsync(SingleRun single, string path, CancellationToken cancellation)
    {
        RunCase run = Read(path);
        return single.ShowAsync(
            "as planned",
            $"{SimulationRequest.Command} --plan {path}",
            options => run.Execute(options),
            cancellation);
    }

    private static RunCase Read(string path)
    {
        try
        {
            using var reader = new StreamReader(path);
            var text = new char[PlanFile.MaxCharacters + 1];
            int length = reader.ReadBlock(text);
            return PlanFile.Read(new string(text, 0, length));
        }
        catch (PlanFileException exception)
        {
            throw new CommandException(exception.What, $"{path}: {exception.Where}", exception.Todo, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"the plan cannot be read: {exception.Message}", Path.GetFullPath(path), "check --plan", exception);
        }
    }

    private Shrinker Shrinker(SimulationOptions options) => new(run => run.Execute(options))
    {
        Progressed = environment.Terminal.ErrorIsTerminal
            ? (smallest, runs) => environment.Terminal.Error.Write(string.Create(
                CultureInfo.InvariantCulture, $"\r{runs} runs, {smallest.Plan.Faults.Count} faults and {smallest.Plan.Traitors.Count} traitors left "))
            : null,
    };

    private sealed record ShrinkReport(
        string Protocol, int Nodes, ulong Seed, string Check, string What, int PlannedBefore, int PlannedAfter, int Runs, bool Exhausted, IReadOnlyList<string> Words, string? Plan)
    {
        public string Describe() => string.Create(CultureInfo.InvariantCulture, $"""
            {Check} is still violated with {PlannedAfter} of {PlannedBefore} faults and traitors ({Runs} runs{(Exhausted ? ", all that were allowed: there may be less" : "")}):
              {string.Join("\n  ", Words)}
            {What}{(Plan is null ? "" : $"\nwritten to {Plan}; run it with {SimulationRequest.Command} --plan {Plan}")}
            """);
    }
}
