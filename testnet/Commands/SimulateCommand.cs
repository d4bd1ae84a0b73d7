using System.CommandLine;
using System.Globalization;
using Bft.Crypto.Certificates;
using Bft.Engine;
using Bft.Simulation.Nodes;
using Bft.Simulation.Runs;
using Bft.Simulation.Twins;
using Bft.Testnet.Ceremony;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Simulations;

namespace Bft.Testnet.Commands;

/// <summary><c>simulate</c>: runs, sweeps, schedules of Twins, shrinking, plans.</summary>
internal sealed class SimulateCommand
{
    private readonly CommandEnvironment _environment;
    private readonly Option<string> _protocol = new("--protocol") { Description = $"The protocol; {SimulationRequest.AllProtocols} for every one there is.", HelpName = "P", DefaultValueFactory = _ => Catalogue.DefaultProtocol };
    private readonly Option<(int Least, int Most)> _nodes = new("--nodes") { Description = "How many replicas, or a range out of which each seed draws.", HelpName = "N|N..M", DefaultValueFactory = _ => (4, 4), CustomParser = Values.Range(1, ReplicaSet.Capacity) };
    private readonly Option<ulong?> _seed = new("--seed") { Description = "One run with that seed.", HelpName = "S", CustomParser = Values.OptionalLong(0, ulong.MaxValue) };
    private readonly Option<ulong?> _seeds = new("--seeds") { Description = "That many runs, each with the next seed; default 100.", HelpName = "N", CustomParser = Values.OptionalLong(1, 1_000_000_000_000) };
    private readonly Option<ulong?> _firstSeed = new("--first-seed") { Description = "The first seed of many; default 0.", HelpName = "S", CustomParser = Values.OptionalLong(0, ulong.MaxValue) };
    private readonly Option<string[]?> _faults = new("--faults") { Description = "none, default, or a list of mixes (network, crashes, disks, clocks, traitors, wan) and kinds (crash-torn, equivocation, ...).", HelpName = "LIST", CustomParser = Values.List };
    private readonly Option<int?> _faulty = new("--faulty") { Description = "How many replicas are betrayed, wiped or rotten; default f.", HelpName = "K", CustomParser = Values.OptionalBetween(0, ReplicaSet.Capacity) };
    private readonly Option<int> _blocks = new("--blocks") { Description = "Blocks that every honest replica commits while faults last.", HelpName = "N", DefaultValueFactory = _ => 100, CustomParser = Values.Between(0, 1_000_000) };
    private readonly Option<int> _clients = new("--clients") { Description = "Clients.", HelpName = "N", DefaultValueFactory = _ => 5, CustomParser = Values.Between(1, 1000) };
    private readonly Option<int> _jobs = new("--jobs") { Description = "Runs at once; default one a processor.", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount, CustomParser = Values.Between(1, 256) };
    private readonly Option<bool> _realSignatures = new("--real-signatures") { Description = "Real Ed25519 keys instead of fast ones that cannot be forged by construction." };
    private readonly Option<string?> _scheme = new("--scheme") { Description = $"The certificate scheme: {string.Join(", ", SimulatedKeys.Names)}; default {SimulatedKeys.Fast}, with --real-signatures {CertificateSchemes.Default}.", HelpName = "S" };
    private readonly Option<bool> _trace = new("--trace") { Description = "Print the run's events: a line an event, a column a replica." };
    private readonly Option<string?> _compare = new("--compare") { Description = "Compare the run's trace with one that --trace printed into a file.", HelpName = "FILE" };
    private readonly Option<string?> _html = new("--html") { Description = "Write the run as a page for a browser.", HelpName = "FILE" };
    private readonly Option<ulong?> _shrink = new("--shrink") { Description = "The smallest run that still fails like the one of that seed; with --plan FILE, write it there.", HelpName = "SEED", CustomParser = Values.OptionalLong(0, ulong.MaxValue) };
    private readonly Option<string?> _plan = new("--plan") { Description = "Run the plan in a file.", HelpName = "FILE" };
    private readonly Option<string?> _scenario = new("--scenario") { Description = "A scripted schedule by its name: O-01, ...", HelpName = "NAME" };
    private readonly Option<string?> _mutation = new("--mutation") { Description = "Break a rule on purpose in every honest replica, in a scenario or in runs.", HelpName = "NAME" };
    private readonly Option<bool> _mutations = new("--mutations") { Description = "Every mutation against the suite: killed by which scenario or seed; exit code 1 if any survives." };
    private readonly Option<bool> _twins = new("--twins") { Description = "Schedules of Twins: f replicas have two instances each, and the network decides for each round who hears whom." };
    private readonly Option<int> _rounds = new("--rounds") { Description = "Rounds of such a schedule.", HelpName = "R", DefaultValueFactory = _ => 4, CustomParser = Values.Between(1, TwinsSpace.MaxRounds) };
    private readonly Option<bool> _exhaustive = new("--exhaustive") { Description = "Every schedule: leaders the twins, one partition into two sets a round." };
    private readonly Option<ulong?> _samples = new("--samples") { Description = "That many drawn schedules: any leaders, a partition for each round and phase; default 1000.", HelpName = "N", CustomParser = Values.OptionalLong(1, 1_000_000_000_000) };

    private SimulateCommand(CommandEnvironment environment) => _environment = environment;

    /// <summary>The command with its examples.</summary>
    public static (Command Command, string[] Examples) Build(CommandEnvironment environment)
    {
        var simulate = new SimulateCommand(environment);
        var command = new Command("simulate", "Runs production replicas in a deterministic world that tries to break them: one seed, many, scripted schedules. A violation ends with exit code 1 and the seed that shows it.");
        foreach (Option option in simulate.Options)
        {
            command.Options.Add(option);
        }

        command.SetAction(simulate.RunAsync);
        return (command, [
            "bft simulate --protocol hotstuff --nodes 4 --seed 42 --trace",
            "bft simulate --protocol all --nodes 4..10 --seeds 10000 --faults default --jobs 2 --json",
            "bft simulate --scheme bls-threshold --seeds 20 --blocks 20",
            "bft simulate --seed 42 --html run.html",
            "bft simulate --shrink 42 --plan small.json",
            "bft simulate --plan small.json --trace",
            "bft simulate --scenario O-03",
            "bft simulate --mutations --json",
            "bft simulate --twins --nodes 4 --rounds 4 --exhaustive"]);
    }

    private Option[] Options =>
    [
        _protocol, _nodes, _seed, _seeds, _firstSeed, _faults, _faulty, _blocks, _clients, _jobs, _realSignatures, _scheme, _trace, _compare, _html, _shrink, _plan, _scenario, _mutation, _mutations, _twins, _rounds, _exhaustive, _samples,
    ];

    private Task<int> RunAsync(ParseResult result, CancellationToken cancellation)
    {
        Replies replies = _environment.Replies(result);
        var views = new RunViews(result.GetValue(_trace), result.GetValue(_compare), result.GetValue(_html));
        if (result.GetValue(_mutations))
        {
            Refuse(result, "--mutations", [.. Options.Where(option => option != _mutations)]);
            return Task.Run(() => ScenarioSession.RunMutations(replies, cancellation), cancellation);
        }

        if (result.GetValue(_scenario) is { } scenario)
        {
            Refuse(result, "--scenario", [.. Options.Where(option => option != _scenario && option != _mutation && option != _trace)]);
            return Task.Run(() => ScenarioSession.Play(_environment, replies, scenario, result.GetValue(_mutation), views.Trace), cancellation);
        }

        if (result.GetValue(_twins))
        {
            Refuse(result, "--twins", _mutation, _shrink, _plan, _faults, _faulty, _clients, _blocks, _realSignatures, _scheme);
            return TwinsAsync(result, replies, views, cancellation);
        }

        Refuse(result, "a run without --twins", _rounds, _exhaustive, _samples);
        if (result.GetValue(_shrink) is { } failing)
        {
            Refuse(result, "--shrink", _seed, _seeds, _firstSeed, _trace, _compare, _html);
            return new ShrinkSession(_environment, replies, result.GetValue(_plan)).RunAsync(Request(result, failing, 1), cancellation);
        }

        if (result.GetValue(_plan) is { } plan)
        {
            Refuse(result, "--plan", _mutation, _seed, _seeds, _firstSeed, _protocol, _nodes, _faults, _faulty, _clients, _blocks, _realSignatures, _scheme);
            return ShrinkSession.ReplayAsync(new SingleRun(_environment, replies, views), plan, cancellation);
        }

        if (result.GetValue(_seed) is { } seed)
        {
            Refuse(result, "--seed", _seeds, _firstSeed);
            SimulationRequest request = Request(result, seed, 1);
            if (request.Protocols.Count == 1)
            {
                return new SingleRun(_environment, replies, views).RunAsync(request, cancellation);
            }
        }

        if (!views.None)
        {
            throw CommandException.Usage("a trace or picture is of one run", SimulationRequest.Command, "choose it with --seed, and one --protocol");
        }

        return SweepSession.RunAsync(_environment, replies, Request(result, result.GetValue(_seed) ?? result.GetValue(_firstSeed) ?? 0, result.GetValue(_seed) is null ? result.GetValue(_seeds) ?? 100 : 1), cancellation);
    }

    private SimulationRequest Request(ParseResult result, ulong first, ulong seeds)
    {
        (int least, int most) = result.GetValue(_nodes);
        FaultMix mix = result.GetValue(_faults) is { Length: > 0 } names ? SimulationRequest.MixOf(names) : FaultMix.Default;
        int? faulty = result.GetValue(_faulty);
        return new SimulationRequest
        {
            Protocols = SimulationRequest.Bearing(SimulationRequest.Find(result.GetRequiredValue(_protocol)), least, mix, faulty),
            LeastNodes = least,
            MostNodes = most,
            FirstSeed = first,
            Seeds = seeds <= ulong.MaxValue - first ? seeds : throw CommandException.Usage(
                string.Create(CultureInfo.InvariantCulture, $"there are no {seeds} seeds from {first} on"), SimulationRequest.Command, "begin lower"),
            Jobs = result.GetValue(_jobs),
            Mutation = result.GetValue(_mutation),
            Run = new SimulationOptions
            {
                Configure = result.GetValue(_mutation) is { } mutation ? ScenarioSession.FindMutation(mutation).Apply : null,
                Mix = mix,
                Faulty = faulty,
                Blocks = (ulong)result.GetValue(_blocks),
                Clients = result.GetValue(_clients),
                RealSignatures = result.GetValue(_realSignatures),
                Scheme = result.GetValue(_scheme) is { } scheme ? SimulationRequest.FindScheme(scheme) : null,
            },
        };
    }

    private Task<int> TwinsAsync(ParseResult result, Replies replies, RunViews views, CancellationToken cancellation)
    {
        (int least, int most) = result.GetValue(_nodes);
        if (least != most)
        {
            throw CommandException.Usage("schedules are for one number of replicas", SimulationRequest.Command, "give one number to --nodes");
        }

        IReadOnlyList<ProtocolDescriptor> protocols = SimulationRequest.Bearing(SimulationRequest.Find(result.GetRequiredValue(_protocol)), least, TwinsSession.Mix, null);
        bool exhaustive = result.GetValue(_exhaustive);
        if (exhaustive && result.GetValue(_samples) is not null)
        {
            throw CommandException.Usage("--exhaustive and --samples exclude each other", SimulationRequest.Command, "choose one");
        }

        var session = new TwinsSession(_environment, replies, new TwinsSpace(least, result.GetValue(_rounds)), exhaustive, protocols, result.GetValue(_jobs));
        if (result.GetValue(_seed) is { } number)
        {
            Refuse(result, "--seed", _seeds, _firstSeed, _samples);
            return session.ShowAsync(new SingleRun(_environment, replies, views), number, cancellation);
        }

        if (!views.None)
        {
            throw CommandException.Usage("a trace or picture is of one schedule", SimulationRequest.Command, "choose it with --seed");
        }

        return session.RunAsync(result.GetValue(_firstSeed) ?? 0, exhaustive ? result.GetValue(_seeds) : result.GetValue(_samples) ?? result.GetValue(_seeds) ?? 1000, cancellation);
    }

    // An option that would do nothing is a misunderstanding: better told than ignored.
    private static void Refuse(ParseResult result, string with, params Option[] options)
    {
        foreach (Option option in options)
        {
            if (result.GetResult(option) is { Implicit: false })
            {
                throw CommandException.Usage($"{option.Name} says nothing to {with}", SimulationRequest.Command, "leave one of them out");
            }
        }
    }
}
