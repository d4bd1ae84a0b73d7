using System.Globalization;
using System.Text.Json;
using Bft.Simulation.Checkers;
using Bft.Simulation.Runs;

namespace Bft.Simulation.Pictures;

/// <summary>
/// A run as one page that opens in a browser without a server and asks nothing of any network: a lane a replica, messages as arrows by kind, views, certificates,
/// commits, faults, and what was violated. The page shows a bounded part of a long run and says so.
/// </summary>
public static class RunPicture
{
    /// <summary>The most events of a picture; a browser draws that many without a pause.</summary>
    public const int MaxEvents = 30_000;

    /// <summary>Events that are shown after the first violation when a run is cut.</summary>
    private const int AfterViolation = 200;

    private const string Placeholder = "/*RUN*/";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Writes the page.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="result">A run whose trace was kept.</param>
    /// <param name="maxEvents">The most events shown.</param>
    /// <exception cref="ArgumentException">The run has no trace.</exception>
    public static void Write(TextWriter writer, SimulationResult result, int maxEvents = MaxEvents)
    {
        string title = string.Create(CultureInfo.InvariantCulture, $"{result.Protocol}, n = {result.Nodes}, seed {result.Seed}");
        string faults = string.Join(", ", result.Faults.Occurred.Select(entry => string.Create(CultureInfo.InvariantCulture, $"{FaultNames.Of(entry.Kind)} {entry.Count}")));
        string summary = string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Blocks} blocks, {result.Operations} operations, {result.Messages} messages in {result.VirtualTime.TotalSeconds:0.00} s; faults: {(faults.Length == 0 ? "none" : faults)}; {(result.Good ? "nothing was violated" : "VIOLATED")}");
        Write(writer, title, summary, result.Nodes, result.Trace, result.Violations, maxEvents);
    }

    /// <summary>Writes the page of a trace.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="title">The title.</param>
    /// <param name="summary">A line about the run.</param>
    /// <param name="nodes">n; instances from there on are twins.</param>
    /// <param name="trace">A trace that was kept.</param>
    /// <param name="violations">What was violated.</param>
    /// <param name="maxEvents">The most events shown.</param>
    /// <exception cref="ArgumentException">The trace was not kept.</exception>
    public static void Write(TextWriter writer, string title, string summary, int nodes, Trace trace, IReadOnlyList<Violation> violations, int maxEvents = MaxEvents)
    {
        if (trace.Events.Count == 0)
        {
            throw new ArgumentException("A picture needs a trace that was kept.", nameof(trace));
        }

        (int first, int end) = Window(trace.Events, maxEvents);
        var drawing = new TraceDrawing(trace, nodes, first, end);
        string cut = end - first == trace.Events.Count ? "" : string.Create(
            CultureInfo.InvariantCulture,
            $"cut: events {first + 1} to {end} of {trace.Events.Count}; {(first > 0 ? "the end is shown, where something was violated" : "the beginning is shown")}; --trace prints all");
        string page = Page();
        int at = page.IndexOf(Placeholder, StringComparison.Ordinal);
        writer.Write(page.AsSpan(0, at));
        // The serializer's default encoder escapes what could end a script element.
        writer.Write(JsonSerializer.Serialize(
            new
            {
                title,
                summary,
                cut,
                drawing.From,
                drawing.To,
                drawing.Lanes,
                drawing.Kinds,
                Marks = TraceDrawing.Marks,
                drawing.Messages,
                drawing.Events,
                drawing.Down,
                drawing.Texts,
                Violations = violations.Select(violation => new { At = violation.At.TotalMilliseconds, violation.Check, violation.What }),
            },
            Json));
        writer.Write(page.AsSpan(at + Placeholder.Length));
    }

    // The end of a failing run explains it; of a good one the beginning is as good as any part.
    private static (int First, int End) Window(IReadOnlyList<TraceEvent> events, int most)
    {
        if (events.Count <= most)
        {
            return (0, events.Count);
        }

        for (int i = 0; i < events.Count; i++)
        {
            if (events[i].Kind == TraceKind.Violation)
            {
                int end = Math.Min(events.Count, i + AfterViolation);
                return end <= most ? (0, most) : (end - most, end);
            }
        }

        return (0, most);
    }

    private static string Page()
    {
        using Stream stream = typeof(RunPicture).Assembly.GetManifestResourceStream("Bft.Simulation.Pictures.picture.html")
            ?? throw new InvalidOperationException("The page is part of this assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
