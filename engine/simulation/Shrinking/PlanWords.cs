using System.Globalization;
using Bft.Simulation.Network;
using Bft.Simulation.Runs;

namespace Bft.Simulation.Shrinking;

/// <summary>Plans in words.</summary>
public static class PlanWords
{
    /// <summary>What is done in a case, a line each, in the order in which it is done.</summary>
    public static IEnumerable<string> Of(RunCase run)
    {
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{run.Protocol}, n = {run.Nodes}, seed {run.Seed}, {Count(run.Clients, "client")}, until {Count((int)run.Blocks, "block")} are committed{(run.Mutation is null ? "" : $", with the mutation {run.Mutation}")}");
        yield return $"network: {Of(run.Plan.Conditions)}";
        foreach (PlannedTraitor traitor in run.Plan.Traitors)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"replica {traitor.Replica} is a traitor: {traitor.Strategy}");
        }

        foreach (PlannedFault fault in run.Plan.Faults)
        {
            yield return Of(fault, run.Nodes);
        }

        if (run.Plan.Faults.Count == 0 && run.Plan.Traitors.Count == 0)
        {
            yield return "nothing else is done";
        }
    }

    /// <summary>One fault in words.</summary>
    public static string Of(PlannedFault fault, int nodes)
    {
        string lasts = Milliseconds(fault.Lasts);
        string down = $"and is down for {lasts}";
        int replica = fault.Target;
        string what = fault.Kind switch
        {
            FaultKind.LinkCut => $"nothing from replica {replica} reaches {fault.OtherEnd(nodes)} for {lasts}",
            FaultKind.Partition => $"{{{Side(fault, nodes, true)}}} and {{{Side(fault, nodes, false)}}} are parted for {lasts}",
            FaultKind.MessageHeld => $"messages of kind {fault.HeldKind} from and to replica {replica} are held for {lasts}",
            FaultKind.CrashKept => $"the process of replica {replica} dies {down}",
            FaultKind.CrashLost => $"the machine of replica {replica} stops, what was not flushed is lost, {down}",
            FaultKind.CrashReordered => $"the machine of replica {replica} stops, later writes are kept and earlier ones lost, {down}",
            FaultKind.CrashTorn => $"the machine of replica {replica} stops in torn writes {down}",
            FaultKind.CrashAtWrite => $"from then on the machine of replica {replica} stops {(fault.StopsBefore ? "before" : "after")} its write number {fault.StopsAt + 1}",
            FaultKind.FlushFailed => $"a flush of replica {replica} fails",
            FaultKind.DiskFull => $"a disk of replica {replica} is full for {lasts}",
            FaultKind.DiskWiped => $"the disks of replica {replica} are lost {down}",
            FaultKind.BitRot => $"bits of replica {replica}'s files flip {down}",
            FaultKind.ClockRate => $"the clock of replica {replica} runs at {fault.Rate:0.00} for {lasts}",
            FaultKind.ClockJump => $"the clock of replica {replica} jumps",
            _ => $"{FaultNames.Of(fault.Kind)} on replica {replica} for {lasts}",
        };
        return $"at {Milliseconds(fault.At)} {what}";
    }

    /// <summary>What a network does in words.</summary>
    public static string Of(NetworkConditions conditions)
    {
        List<string> parts = [];
        if (conditions.WideArea is { } wide)
        {
            parts.Add($"round trips of {wide.Name}, and on top");
        }

        parts.Add($"{Milliseconds(conditions.Delay.Least)} to {Milliseconds(conditions.Delay.Most)}");
        if (conditions.Delay.TailPerMillion > 0)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"one of {1_000_000 / conditions.Delay.TailPerMillion} messages up to {Milliseconds(conditions.Delay.Tail)} late"));
        }

        if (conditions.LossPerMillion > 0)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{conditions.LossPerMillion / 10_000.0:0.0##} % lost"));
        }

        if (conditions.DuplicatePerMillion > 0)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{conditions.DuplicatePerMillion / 10_000.0:0.0##} % twice"));
        }

        return string.Join(", ", parts);
    }

    private static string Side(PlannedFault fault, int nodes, bool first) =>
        string.Join(' ', Enumerable.Range(0, nodes).Where(replica => fault.IsOnFirstSide(replica) == first));

    private static string Count(int number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : "s")}");

    private static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.####} ms");
}
