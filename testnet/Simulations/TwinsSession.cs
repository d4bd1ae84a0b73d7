using System.Globalization;
using System.Numerics;
using Bft.Engine;
using Bft.Simulation;
using Bft.Simulation.Runs;
using Bft.Simulation.Twins;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Simulations;

/// <summary>Schedules of Twins: all of a space or drawn ones. How many were generated is told and compared with how many there must be.</summary>
internal sealed class TwinsSession(CommandEnvironment environment, Replies replies, TwinsSpace space, bool exhaustive, IReadOnlyList<ProtocolDescriptor> protocols, int jobs)
{
    private ulong _generated;

    /// <summary>What Twins asks of a committee: that it bears one that equivocates.</summary>
    public static FaultMix Mix { get; } = new("twins", new HashSet<FaultKind> { FaultKind.Equivocation });

    /// <summary>Plays schedules.</summary>
    /// <param name="first">The number, or seed, of the first.</param>
    /// <param name="count">How many; null for all that there are.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(ulong first, ulong? count, CancellationToken cancellation)
    {
        ulong expected = Expected(first, count);
        ulong runs = expected * (ulong)protocols.Count;
        var progress = new SweepProgress(environment, "schedules", runs);
        SweepReport report = await progress.ShowAsync((progressed, found) => Task.Run(
            () => new Sweep(runs, index => JobOf(first, index), jobs) { Progressed = progressed, Found = found }.Run(cancellation), CancellationToken.None));
        TwinsReport told = Tell(expected, report);
        if (!report.Interrupted && _generated != runs)
        {
            throw new CommandException(
                string.Create(CultureInfo.InvariantCulture, $"{_generated} schedules were generated, {runs} had to be"), SimulationRequest.Command, "this is a bug of the generator: report it")
            { Report = told };
        }

        if (report.Failed > 0)
        {
            ViolationReport worst = told.Violations[0];
            replies.Say(told.Describe());
            throw new CommandException(
                string.Create(CultureInfo.InvariantCulture, $"{report.Failed} of {report.Runs} schedules violated an invariant, the first {worst.Check}: {worst.What}"),
                string.Create(CultureInfo.InvariantCulture, $"{worst.Protocol}, schedule {worst.Seed}"),
                $"see it again: {worst.Replay} --trace")
            { Report = told };
        }

        replies.Answer(told, told.Describe);
        return report.Interrupted ? ExitCodes.Interrupted : ExitCodes.Success;
    }

    /// <summary>Plays one schedule and shows it.</summary>
    public Task<int> ShowAsync(SingleRun single, ulong number, CancellationToken cancellation)
    {
        if (exhaustive)
        {
            Expected(number, 1);
        }

        return single.ShowAsync("twins", Replay(protocols[0].Name, number), options => TwinsRun.Execute(protocols[0], ScenarioOf(number), options), cancellation);
    }

    private TwinsScenario ScenarioOf(ulong number) => exhaustive ? space.At(number) : space.Draw(number);

    private SweepJob JobOf(ulong first, ulong index)
    {
        ProtocolDescriptor protocol = protocols[(int)(index % (ulong)protocols.Count)];
        TwinsScenario scenario = ScenarioOf(first + (index / (ulong)protocols.Count));
        Interlocked.Increment(ref _generated);
        return new SweepJob(protocol.Name, scenario.Nodes, scenario.Number, cancellation => TwinsRun.Execute(protocol, scenario, new SimulationOptions { Cancellation = cancellation }));
    }

    // How many schedules there must be: known before the first is made.
    private ulong Expected(ulong first, ulong? count)
    {
        if (!exhaustive)
        {
            return count ?? 1000;
        }

        BigInteger all = space.Count;
        string arithmetic = string.Create(
            CultureInfo.InvariantCulture, $"{space.Instances} instances part into two sets in {space.Partitions} ways, {space.Twins} {(space.Twins == 1 ? "leader" : "leaders")}, {space.Rounds} rounds: {space.Partitions * (ulong)space.Twins}^{space.Rounds} = {all} schedules");
        if (first >= all)
        {
            throw CommandException.Usage($"there is no schedule {first.ToString(CultureInfo.InvariantCulture)}: {arithmetic}", SimulationRequest.Command, "choose a lower number");
        }

        BigInteger asked = count is { } some ? BigInteger.Min(some, all - first) : all - first;
        return asked <= TwinsSpace.MaxEnumerated
            ? (ulong)asked
            : throw CommandException.Usage(arithmetic, SimulationRequest.Command, string.Create(CultureInfo.InvariantCulture, $"take fewer --rounds, --samples N instead, or at most {TwinsSpace.MaxEnumerated} of them with --first-seed and --seeds"));
    }

    private string Replay(string protocol, ulong number) => string.Create(
        CultureInfo.InvariantCulture, $"{SimulationRequest.Command} --twins --protocol {protocol} --nodes {space.Nodes} --rounds {space.Rounds} {(exhaustive ? "--exhaustive " : "")}--seed {number}");

    private TwinsReport Tell(ulong expected, SweepReport report) => new(
        [.. protocols.Select(protocol => protocol.Name)],
        space.Nodes,
        space.Rounds,
        exhaustive,
        expected,
        _generated / (ulong)protocols.Count,
        report.Runs,
        [.. report.Violations.Select(violation => new ViolationReport(
            violation.Protocol, violation.Nodes, violation.Seed, violation.Check, violation.What, Replay(violation.Protocol, violation.Seed)))],
        report.Blocks,
        report.Proved,
        Math.Round(report.Elapsed.TotalSeconds, 3),
        report.Interrupted);

    private sealed record TwinsReport(
        IReadOnlyList<string> Protocols,
        int Nodes,
        int Rounds,
        bool Exhaustive,
        ulong ScenariosExpected,
        ulong ScenariosGenerated,
        ulong Runs,
        IReadOnlyList<ViolationReport> Violations,
        ulong BlocksCommitted,
        long DoubleSignsProved,
        double Seconds,
        bool Interrupted)
    {
        public string Describe() => string.Create(CultureInfo.InvariantCulture, $"""
            {ScenariosGenerated} schedules generated, {ScenariosExpected} expected ({(Exhaustive ? "all" : "drawn")}; {string.Join(", ", Protocols)}, n = {Nodes}, {Rounds} rounds){(Interrupted ? ", stopped before the end" : "")}
            runs             {Runs}
            violations       {Violations.Count}
            blocks           {BlocksCommitted} committed
            double signs     {DoubleSignsProved} proved
            time             {Seconds:0.0} s ({(Seconds > 0 ? Runs / Seconds : 0):0.0} schedules/s)
            """);
    }
}
