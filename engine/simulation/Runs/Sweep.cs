using System.Diagnostics;
using Bft.Engine;

namespace Bft.Simulation.Runs;

/// <summary>Which runs a sweep does: each protocol with each seed, and an n that follows from the seed.</summary>
public sealed record SweepOptions
{
    /// <summary>The protocols.</summary>
    public required IReadOnlyList<ProtocolDescriptor> Protocols { get; init; }

    /// <summary>The smallest n.</summary>
    public int LeastNodes { get; init; } = 4;

    /// <summary>The largest n.</summary>
    public int MostNodes { get; init; } = 4;

    /// <summary>The first seed.</summary>
    public ulong FirstSeed { get; init; }

    /// <summary>How many seeds; they follow one another.</summary>
    public ulong Seeds { get; init; } = 1;

    /// <summary>Runs at once, each on a thread of its own.</summary>
    public int Jobs { get; init; } = 1;

    /// <summary>How each run is done.</summary>
    public SimulationOptions Run { get; init; } = new();

    /// <summary>All runs: seeds times protocols.</summary>
    public ulong Runs => Seeds * (ulong)Protocols.Count;

    /// <summary>The run of a number below <see cref="Runs"/>.</summary>
    public SweepJob JobOf(ulong index)
    {
        ulong seed = FirstSeed + (index / (ulong)Protocols.Count);
        ProtocolDescriptor protocol = Protocols[(int)(index % (ulong)Protocols.Count)];
        int nodes = NodesOf(seed);
        return new SweepJob(protocol.Name, nodes, seed, cancellation => SimulationRun.Execute(protocol, nodes, seed, Run with { Cancellation = cancellation }));
    }

    /// <summary>
    /// The n of a seed: half of the runs at the smallest, where every quorum counts. It is drawn, not counted through, or each n would always meet the same turns
    /// of the fault mix.
    /// </summary>
    public int NodesOf(ulong seed)
    {
        var random = new Randomness(seed ^ 0x6C62_272E_07BB_0142);
        return random.Below(2) == 0 ? LeastNodes : random.Between(LeastNodes, MostNodes);
    }
}

/// <summary>A run that showed a violation.</summary>
/// <param name="Protocol">The protocol's name.</param>
/// <param name="Nodes">n.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Check">The checker that found it first.</param>
/// <param name="What">What it found.</param>
public sealed record SweepViolation(string Protocol, int Nodes, ulong Seed, string Check, string What);

/// <summary>What a sweep did so far.</summary>
public sealed class SweepReport
{
    /// <summary>Failing runs that are kept; one defect may show in all of them.</summary>
    public const int MaxViolations = 1000;

    private readonly List<SweepViolation> _violations = [];
    private readonly long[] _faults = new long[FaultNames.All.Count];

    /// <summary>Runs done and judged.</summary>
    public ulong Runs { get; private set; }

    /// <summary>Runs with a violation, also those beyond <see cref="MaxViolations"/>.</summary>
    public ulong Failed { get; private set; }

    /// <summary>Failing runs in the order of the sweep.</summary>
    public IReadOnlyList<SweepViolation> Violations => _violations;

    /// <summary>Blocks committed.</summary>
    public ulong Blocks { get; private set; }

    /// <summary>Operations that clients were answered.</summary>
    public long Operations { get; private set; }

    /// <summary>Events of the virtual time.</summary>
    public long Events { get; private set; }

    /// <summary>Double signs that were proved.</summary>
    public long Proved { get; private set; }

    /// <summary>What took effect, by kind.</summary>
    public IEnumerable<(FaultKind Kind, long Count)> Faults => _faults.Select((count, kind) => ((FaultKind)kind, count)).Where(entry => entry.count > 0);

    /// <summary>How long it took.</summary>
    public TimeSpan Elapsed { get; internal set; }

    /// <summary>True when it was stopped before the end.</summary>
    public bool Interrupted { get; internal set; }

    internal SweepViolation? Add(SimulationResult result)
    {
        Runs++;
        Blocks += result.Blocks;
        Operations += result.Operations;
        Events += result.Events;
        Proved += result.Proved;
        foreach ((FaultKind kind, long count) in result.Faults.Occurred)
        {
            _faults[(int)kind] += count;
        }

        return result.Good
            ? null
            : Add(new SweepViolation(result.Protocol, result.Nodes, result.Seed, result.Violations[0].Check, result.Violations[0].ToString()));
    }

    // The run fell over: a defect of the simulation itself, which hides whatever the run would have shown.
    internal SweepViolation AddFallen(SweepViolation violation)
    {
        Runs++;
        return Add(violation);
    }

    private SweepViolation Add(SweepViolation violation)
    {
        Failed++;
        if (_violations.Count < MaxViolations)
        {
            int at = _violations.FindIndex(other => other.Seed > violation.Seed);
            _violations.Insert(at < 0 ? _violations.Count : at, violation);
        }

        return violation;
    }
}

/// <summary>One run of a sweep.</summary>
/// <param name="Protocol">The protocol's name.</param>
/// <param name="Nodes">n.</param>
/// <param name="Seed">The seed, or the number that stands for it.</param>
/// <param name="Execute">Does it.</param>
public sealed record SweepJob(string Protocol, int Nodes, ulong Seed, Func<CancellationToken, SimulationResult> Execute);

/// <summary>Many judged runs on some threads. Each is a world of its own and a function of its seed, so that the threads change nothing but the time it takes.</summary>
/// <param name="runs">How many.</param>
/// <param name="jobOf">The run of a number below that.</param>
/// <param name="jobs">Runs at once, each on a thread of its own.</param>
public sealed class Sweep(ulong runs, Func<ulong, SweepJob> jobOf, int jobs)
{
    private readonly SweepReport _report = new();
    private ulong _next;

    /// <summary>A sweep over seeds.</summary>
    public Sweep(SweepOptions options)
        : this(options.Runs, options.JobOf, options.Jobs)
    {
    }

    /// <summary>Told of each run when it is done; one at a time.</summary>
    public Action<SweepReport>? Progressed { get; init; }

    /// <summary>Told of each violation when it is found; one at a time.</summary>
    public Action<SweepViolation>? Found { get; init; }

    /// <summary>Does the runs, or as many as there is time for.</summary>
    /// <param name="cancellation">Ends it; runs under way are given up and not counted.</param>
    public SweepReport Run(CancellationToken cancellation = default)
    {
        var watch = Stopwatch.StartNew();
        Thread[] threads = [.. Enumerable.Range(0, Math.Max(1, jobs)).Select(job => new Thread(() => Work(cancellation)) { Name = $"sweep {job}", IsBackground = true })];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        _report.Elapsed = watch.Elapsed;
        _report.Interrupted = _report.Runs < runs;
        return _report;
    }

    private void Work(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            ulong index = Interlocked.Increment(ref _next) - 1;
            if (index >= runs)
            {
                return;
            }

            Do(jobOf(index), cancellation);
        }
    }

    private void Do(SweepJob job, CancellationToken cancellation)
    {
        try
        {
            SimulationResult result = job.Execute(cancellation);
            Count(() => _report.Add(result));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The report says that it was interrupted.
        }
        catch (Exception exception)
        {
            Count(() => _report.AddFallen(new SweepViolation(job.Protocol, job.Nodes, job.Seed, "simulation", exception.ToString())));
        }
    }

    private void Count(Func<SweepViolation?> add)
    {
        lock (_report)
        {
            if (add() is { } violation)
            {
                Found?.Invoke(violation);
            }

            Progressed?.Invoke(_report);
        }
    }
}
