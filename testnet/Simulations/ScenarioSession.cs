using System.Globalization;
using Bft.Simulation.Mutations;
using Bft.Simulation.Scenarios;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Simulations;

/// <summary>A scenario as programs read it.</summary>
/// <param name="Scenario">Its name.</param>
/// <param name="Title">What happens in it.</param>
/// <param name="Source">Where it is from.</param>
/// <param name="Shows">What it must show.</param>
/// <param name="Mutation">The rule that was broken for it; null for none.</param>
/// <param name="Passed">Whether nothing was violated.</param>
/// <param name="Acts">Its parts.</param>
internal sealed record ScenarioReport(string Scenario, string Title, string Source, string Shows, string? Mutation, bool Passed, IReadOnlyList<ActReport> Acts)
{
    /// <summary>For people.</summary>
    public string Describe() => string.Join(
        Environment.NewLine,
        Acts.Select(act => string.Create(CultureInfo.InvariantCulture, $"{(act.Violation is null ? "passed " : "FAILED ")} {act.Act} ({act.BlocksCommitted} blocks, {act.VirtualSeconds:0.000} s inside){(act.Violation is { } violation ? $": {violation}" : "")}"))
            .Prepend($"{Scenario} {Title}")
            .Append($"shows: {Shows}")
            .Append($"source: {Source}"));
}

/// <summary>A part of a scenario as programs read it.</summary>
/// <param name="Act">Its name.</param>
/// <param name="Nodes">n.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Violation">What was violated first; null when nothing was.</param>
/// <param name="BlocksCommitted">Blocks committed.</param>
/// <param name="VirtualSeconds">How long it lasted for those inside.</param>
internal sealed record ActReport(string Act, int Nodes, ulong Seed, string? Violation, ulong BlocksCommitted, double VirtualSeconds);

/// <summary>A mutation that was noticed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Rule">The rule that it breaks.</param>
/// <param name="By">The scenario or seed that noticed.</param>
/// <param name="Runs">Worlds that were run.</param>
/// <param name="What">What was seen.</param>
internal sealed record KilledMutation(string Name, string Rule, string By, int Runs, string What);

/// <summary>What became of all mutations.</summary>
/// <param name="Total">How many there are.</param>
/// <param name="Killed">Those that were noticed.</param>
/// <param name="Survivors">The names of those that were not, and of those that a scenario beside was to notice and did not: holes in the checkers.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record MutationReport(int Total, IReadOnlyList<KilledMutation> Killed, IReadOnlyList<string> Survivors, double Seconds)
{
    /// <summary>For people.</summary>
    public string Describe() => string.Join(
        Environment.NewLine,
        Killed.Select(killed => string.Create(CultureInfo.InvariantCulture, $"killed   {killed.Name} by {killed.By} after {killed.Runs} runs: {killed.Rule}"))
            .Concat(Survivors.Select(name => $"SURVIVED {name}"))
            .Append(string.Create(CultureInfo.InvariantCulture, $"{Killed.Count} of {Total} killed in {Seconds:0.0} s")));
}

/// <summary><c>simulate --scenario</c> and <c>simulate --mutations</c>: scripted schedules, with a rule broken on purpose or without.</summary>
internal static class ScenarioSession
{
    /// <summary>Plays a scenario.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="CommandException">There is no such scenario or mutation, or an invariant was violated.</exception>
    public static int Play(CommandEnvironment environment, Replies replies, string name, string? mutationName, bool trace)
    {
        Scenario scenario = ScenarioCatalogue.TryFind(name) ?? throw SimulationRequest.Unknown("scenario", name, [.. ScenarioCatalogue.All.Select(known => known.Name)]);
        Mutation? mutation = mutationName is null ? null : FindMutation(mutationName);
        ScenarioResult result = ScenarioRun.Execute(scenario, new ScenarioOptions { KeepTrace = trace, Configure = mutation?.Apply });
        if (trace)
        {
            foreach (string line in result.Acts.SelectMany(act => act.Trace.Lines()))
            {
                environment.Terminal.Output.WriteLine(line);
            }
        }

        var told = new ScenarioReport(
            scenario.Name,
            scenario.Title,
            scenario.Source,
            scenario.Shows,
            mutation?.Name,
            result.Passed,
            [.. result.Acts.Select(act => new ActReport(act.Act, act.Nodes, act.Seed, act.Passed ? null : act.Violations[0].ToString(), act.Blocks, act.VirtualTime.TotalSeconds))]);
        if (result.First is not { } first)
        {
            replies.Answer(told, told.Describe);
            return ExitCodes.Success;
        }

        replies.Say(told.Describe());
        throw new CommandException(
            $"an invariant was violated: {first.Violation}",
            $"{scenario.Name}, act \"{first.Act}\"{(mutation is null ? "" : $", with {mutation.Name}")}",
            mutation is null ? $"see it: {SimulationRequest.Command} --scenario {scenario.Name} --trace" : "this is what a mutation is for: the rule that it breaks is watched")
        { Report = told };
    }

    /// <summary>Runs every mutation against the suite.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="CommandException">Some survived.</exception>
    public static int RunMutations(Replies replies, CancellationToken cancellation)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        List<KilledMutation> killed = [];
        List<string> survivors = [];
        IReadOnlyList<Mutation> all = MutationCatalogue.All;
        for (int i = 0; i < all.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            replies.Notice(string.Create(CultureInfo.InvariantCulture, $"{i + 1} of {all.Count}: {all[i].Name}"));
            MutationResult result = MutationRun.Execute(all[i]);
            if (result.Killed)
            {
                killed.Add(new KilledMutation(result.Mutation.Name, result.Mutation.Rule, result.By!, result.Runs, result.Violation!.ToString()));
            }
            else
            {
                survivors.Add(result.Mutation.Name);
            }

            survivors.AddRange(result.Blind.Select(scenario => $"{result.Mutation.Name} in {scenario}"));
        }

        var told = new MutationReport(all.Count, killed, survivors, Math.Round(watch.Elapsed.TotalSeconds, 3));
        if (survivors.Count == 0)
        {
            replies.Answer(told, told.Describe);
            return ExitCodes.Success;
        }

        replies.Say(told.Describe());
        throw new CommandException(
            $"{survivors.Count} of {all.Count} mutations survived: nobody watches the rules that they break", string.Join(", ", survivors), "mend the checkers, or write the scenario that shows it")
        { Report = told };
    }

    /// <summary>The mutation of that name.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public static Mutation FindMutation(string name) =>
        MutationCatalogue.TryFind(name) ?? throw SimulationRequest.Unknown("mutation", name, [.. MutationCatalogue.All.Select(known => known.Name)]);
}
