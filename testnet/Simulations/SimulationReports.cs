using System.Globalization;
using Bft.Simulation;

namespace Bft.Testnet.Simulations;

/// <summary>A violation as programs read it.</summary>
/// <param name="Protocol">The protocol.</param>
/// <param name="Nodes">n.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Check">The checker that found it.</param>
/// <param name="What">What it found.</param>
/// <param name="Replay">The command that shows it again.</param>
internal sealed record ViolationReport(string Protocol, int Nodes, ulong Seed, string Check, string What, string Replay);

/// <summary>What became of one run, or of many.</summary>
internal sealed record SimulationReport
{
    /// <summary>The protocols.</summary>
    public required IReadOnlyList<string> Protocols { get; init; }

    /// <summary>The sizes: <c>4</c> or <c>4..10</c>.</summary>
    public required string Nodes { get; init; }

    /// <summary>The first seed.</summary>
    public required ulong FirstSeed { get; init; }

    /// <summary>The mix of faults.</summary>
    public required string Faults { get; init; }

    /// <summary>Runs done and judged.</summary>
    public required ulong Runs { get; init; }

    /// <summary>Failing runs, in the order of the seeds.</summary>
    public required IReadOnlyList<ViolationReport> Violations { get; init; }

    /// <summary>Blocks committed.</summary>
    public required ulong BlocksCommitted { get; init; }

    /// <summary>Operations that clients were answered.</summary>
    public required long Operations { get; init; }

    /// <summary>Events of the virtual time.</summary>
    public required long Events { get; init; }

    /// <summary>Double signs that honest replicas proved.</summary>
    public required long DoubleSignsProved { get; init; }

    /// <summary>What took effect, by kind.</summary>
    public required IReadOnlyDictionary<string, long> FaultsInjected { get; init; }

    /// <summary>How long it took.</summary>
    public required double Seconds { get; init; }

    /// <summary>True when a signal stopped it before the end.</summary>
    public bool Interrupted { get; init; }

    /// <summary>64 bits of everything that happened in a single run, in hexadecimal: the same on every machine; null for many runs.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Virtual seconds of a single run; null for many.</summary>
    public double? VirtualSeconds { get; init; }

    /// <summary>The faults by name.</summary>
    public static IReadOnlyDictionary<string, long> Named(IEnumerable<(FaultKind Kind, long Count)> faults) =>
        faults.ToDictionary(entry => FaultNames.Of(entry.Kind), entry => entry.Count);

    /// <summary>For people.</summary>
    public string Describe()
    {
        string who = $"{string.Join(", ", Protocols)}, n = {Nodes}, faults {Faults}";
        string faults = FaultsInjected.Count == 0 ? "none" : string.Join(", ", FaultsInjected.Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Key} {entry.Value}")));
        string rate = Seconds > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({Runs / Seconds:0.0} runs/s, {Events / Seconds:0} events/s)") : "";
        return string.Create(CultureInfo.InvariantCulture, $"""
            {Runs} {(Runs == 1 ? "run" : "runs")} from seed {FirstSeed} on ({who}){(Interrupted ? ", stopped before the end" : "")}
            violations       {Violations.Count}
            blocks           {BlocksCommitted} committed, {Operations} operations of clients answered
            faults           {faults}
            double signs     {DoubleSignsProved} proved
            time             {Seconds:0.0} s{rate}{(VirtualSeconds is { } inside ? string.Create(CultureInfo.InvariantCulture, $", {inside:0.000} s inside, fingerprint {Fingerprint}") : "")}
            """);
    }
}
