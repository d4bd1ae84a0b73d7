using System.Globalization;
using Bft.Engine;
using Bft.Simulation;
using Bft.Simulation.Pictures;
using Bft.Simulation.Runs;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Simulations;

/// <summary>What is to be seen of one run.</summary>
/// <param name="Trace">Its events, a line each.</param>
/// <param name="Compare">A file with the trace of an earlier run; null for none.</param>
/// <param name="Html">The file of a picture; null for none.</param>
internal sealed record RunViews(bool Trace, string? Compare, string? Html)
{
    /// <summary>True when nothing is.</summary>
    public bool None => !Trace && Compare is null && Html is null;

    /// <summary>True when the events must be kept.</summary>
    public bool NeedTrace => !None;
}

/// <summary>One run that somebody looks at: its trace, a comparison with an earlier trace, a picture.</summary>
internal sealed class SingleRun(CommandEnvironment environment, Replies replies, RunViews views)
{
    /// <summary>Runs a drawn plan.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> RunAsync(SimulationRequest request, CancellationToken cancellation)
    {
        ProtocolDescriptor protocol = request.Protocols[0];
        int nodes = request.ToSweep().NodesOf(request.FirstSeed);
        return ShowAsync(
            request.Run.Mix.Name,
            request.Replay(protocol.Name, nodes, request.FirstSeed),
            options => SimulationRun.Execute(protocol, nodes, request.FirstSeed, options),
            cancellation,
            request.Run);
    }

    /// <summary>Runs something and shows it.</summary>
    /// <param name="faults">The faults by name.</param>
    /// <param name="replay">The command that shows it again.</param>
    /// <param name="run">Runs it with the options that it is given: they say whether a trace is kept.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="options">The other options; null for the defaults.</param>
    public async Task<int> ShowAsync(string faults, string replay, Func<SimulationOptions, SimulationResult> run, CancellationToken cancellation, SimulationOptions? options = null)
    {
        options = (options ?? new SimulationOptions()) with { KeepTrace = views.NeedTrace, Cancellation = cancellation };
        var watch = System.Diagnostics.Stopwatch.StartNew();
        SimulationResult result = await Task.Run(() => run(options), cancellation);
        watch.Stop();
        if (views.Compare is { } path)
        {
            TraceFile.Compare(path, result.Trace);
            replies.Say($"the trace is the one in {path}, line by line");
        }

        if (views.Trace)
        {
            WriteTrace(result.Trace);
        }

        if (views.Html is { } picture)
        {
            WriteFile(picture, writer => RunPicture.Write(writer, result));
        }

        SimulationReport told = Tell(faults, replay, result, watch.Elapsed);
        if (!result.Good)
        {
            Summarize(told, result);
            throw SweepSession.Failure(told, 1);
        }

        if (replies.Json || !views.Trace)
        {
            replies.Answer(told, told.Describe);
        }
        else
        {
            Summarize(told, result);
        }

        return ExitCodes.Success;
    }

    // Beside a trace the summary goes to standard error: what a seed prints on standard output is the same every time.
    private void Summarize(SimulationReport told, SimulationResult result)
    {
        if (replies.Json)
        {
            return;
        }

        foreach (string line in result.Violations.Select(violation => $"violated: {violation}").Append(told.Describe()))
        {
            if (views.Trace)
            {
                replies.Notice(line);
            }
            else
            {
                replies.Say(line);
            }
        }
    }

    private void WriteTrace(Trace trace)
    {
        TextWriter output = environment.Terminal.Output;
        if (!replies.Json)
        {
            foreach (string line in trace.Lines())
            {
                output.WriteLine(line);
            }

            return;
        }

        output.WriteLine(JsonOutput.Line(new { Trace = Trace.Version }));
        foreach (TraceEvent entry in trace.Events)
        {
            output.WriteLine(JsonOutput.Line(new { AtMs = entry.At.TotalMilliseconds, Replica = entry.Instance, entry.Kind, entry.Other, What = trace.Words(entry) }));
        }
    }

    private static SimulationReport Tell(string faults, string replay, SimulationResult result, TimeSpan took) => new()
    {
        Protocols = [result.Protocol],
        Nodes = result.Nodes.ToString(CultureInfo.InvariantCulture),
        FirstSeed = result.Seed,
        Faults = faults,
        Runs = 1,
        Violations = [.. result.Violations.Select(violation => new ViolationReport(result.Protocol, result.Nodes, result.Seed, violation.Check, violation.ToString(), replay))],
        BlocksCommitted = result.Blocks,
        Operations = result.Operations,
        Events = result.Events,
        DoubleSignsProved = result.Proved,
        FaultsInjected = SimulationReport.Named(result.Faults.Occurred),
        Seconds = Math.Round(took.TotalSeconds, 3),
        Fingerprint = result.Trace.Fingerprint.ToString("x16", CultureInfo.InvariantCulture),
        VirtualSeconds = result.VirtualTime.TotalSeconds,
    };

    /// <summary>Writes a file that was named on the command line.</summary>
    /// <exception cref="CommandException">It cannot be written.</exception>
    internal static void WriteFile(string path, Action<TextWriter> write)
    {
        try
        {
            using var writer = new StreamWriter(path);
            write(writer);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"the file cannot be written: {exception.Message}", Path.GetFullPath(path), "choose another place", exception);
        }
    }
}
