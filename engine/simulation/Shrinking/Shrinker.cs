using Bft.Simulation.Checkers;
using Bft.Simulation.Network;
using Bft.Simulation.Runs;

namespace Bft.Simulation.Shrinking;

/// <summary>What shrinking came to.</summary>
/// <param name="Smallest">The smallest case found that still violates the check.</param>
/// <param name="Violation">The violation that it shows.</param>
/// <param name="Runs">Runs it took.</param>
/// <param name="Exhausted">True when the runs were used up before nothing more could be taken out.</param>
public sealed record ShrinkResult(RunCase Smallest, Violation Violation, int Runs, bool Exhausted);

/// <summary>
/// Looks for the smallest run that still violates the same check. The planned faults by delta debugging (Zeller and Hildebrandt, "Simplifying and isolating
/// failure-inducing input", IEEE TSE 2002); traitors, what the network does, clients and blocks one after the other; again, until nothing can be taken out.
/// A case that violates another check is not taken: it would be another bug.
/// </summary>
/// <param name="execute">Runs a case.</param>
public sealed class Shrinker(Func<RunCase, SimulationResult> execute)
{
    private string _check = "";
    private RunCase _smallest = null!;
    private Violation _violation = null!;
    private int _runs;

    /// <summary>Runs it may take.</summary>
    public int MaxRuns { get; init; } = 600;

    /// <summary>Told after each run: the smallest case so far and the runs it took.</summary>
    public Action<RunCase, int>? Progressed { get; init; }

    /// <summary>Shrinks a case.</summary>
    /// <param name="failing">A case that violates something.</param>
    /// <returns>The smallest one; null when the case violates nothing.</returns>
    public ShrinkResult? Shrink(RunCase failing)
    {
        _runs = 1;
        if (execute(failing).Violations is not [var first, ..])
        {
            return null;
        }

        (_check, _violation, _smallest) = (first.Check, first, failing with { Violates = first.Check });
        RunCase before;
        do
        {
            before = _smallest;
            ShrinkFaults();
            ShrinkTraitors();
            ShrinkConditions();
            ShrinkClients();
            ShrinkBlocks();
            ShrinkTimes();
        }
        while (before != _smallest && !Exhausted);
        return new ShrinkResult(_smallest, _violation, _runs, Exhausted);
    }

    private bool Exhausted => _runs >= MaxRuns;

    private FaultPlan Plan => _smallest.Plan;

    private bool Try(RunCase candidate)
    {
        if (Exhausted || candidate == _smallest)
        {
            return false;
        }

        _runs++;
        Violation? violation = execute(candidate).Violations.FirstOrDefault(violation => violation.Check == _check);
        if (violation is not null)
        {
            (_smallest, _violation) = (candidate, violation);
        }

        Progressed?.Invoke(_smallest, _runs);
        return violation is not null;
    }

    private bool TryPlan(FaultPlan plan) => Try(_smallest with { Plan = plan });

    private bool TryFaults(IReadOnlyList<PlannedFault> faults) => TryPlan(Plan with { Faults = faults });

    // ddmin: ever smaller parts are left out, until no single one can be.
    private void ShrinkFaults()
    {
        if (Plan.Faults.Count > 0 && TryFaults([]))
        {
            return;
        }

        int parts = 2;
        while (Plan.Faults.Count > 1 && !Exhausted)
        {
            IReadOnlyList<PlannedFault> faults = Plan.Faults;
            int size = (faults.Count + parts - 1) / parts;
            bool smaller = false;
            for (int from = 0; from < faults.Count && !smaller; from += size)
            {
                smaller = TryFaults([.. faults.Take(from), .. faults.Skip(from + size)]);
            }

            if (smaller)
            {
                parts = Math.Max(2, parts - 1);
            }
            else if (size == 1)
            {
                return;
            }
            else
            {
                parts = Math.Min(faults.Count, 2 * parts);
            }
        }
    }

    private void ShrinkTraitors()
    {
        for (int i = Plan.Traitors.Count - 1; i >= 0; i--)
        {
            TryPlan(Plan with { Traitors = [.. Plan.Traitors.Take(i), .. Plan.Traitors.Skip(i + 1)] });
        }
    }

    private void ShrinkConditions()
    {
        Func<NetworkConditions, NetworkConditions>[] steps =
        [
            static _ => FaultPlan.None.Conditions,
            static conditions => conditions with { LossPerMillion = 0 },
            static conditions => conditions with { DuplicatePerMillion = 0 },
            static conditions => conditions with { Delay = conditions.Delay with { TailPerMillion = 0, Tail = default } },
            static conditions => conditions with { WideArea = null },
            static conditions => conditions with { Delay = conditions.Delay with { Least = FaultPlan.None.Conditions.Delay.Least, Most = FaultPlan.None.Conditions.Delay.Most } },
        ];
        foreach (Func<NetworkConditions, NetworkConditions> step in steps)
        {
            NetworkConditions simpler = step(Plan.Conditions);
            if (simpler != Plan.Conditions)
            {
                TryPlan(Plan with { Conditions = simpler });
            }
        }
    }

    private void ShrinkClients()
    {
        foreach (int fewer in new[] { 1, _smallest.Clients / 2, _smallest.Clients - 1 })
        {
            if (fewer >= 1 && fewer < _smallest.Clients)
            {
                Try(_smallest with { Clients = fewer });
            }
        }
    }

    // Once the faults are over, the run goes on only for the sake of the blocks.
    private void ShrinkBlocks()
    {
        foreach (ulong fewer in new ulong[] { 0, 1, 3, 10, _smallest.Blocks / 4, _smallest.Blocks / 2 })
        {
            if (fewer < _smallest.Blocks && Try(_smallest with { Blocks = fewer }))
            {
                return;
            }
        }
    }

    // Round numbers and short times read better.
    private void ShrinkTimes()
    {
        for (int i = 0; i < Plan.Faults.Count; i++)
        {
            PlannedFault fault = Plan.Faults[i];
            foreach (TimeSpan lasts in new[] { TimeSpan.Zero, Rounded(fault.Lasts / 4), Rounded(fault.Lasts / 2), Rounded(fault.Lasts) })
            {
                if (lasts < Plan.Faults[i].Lasts && TryFaults(With(i, Plan.Faults[i] with { Lasts = lasts })))
                {
                    break;
                }
            }

            if (Rounded(fault.At) != fault.At)
            {
                TryFaults(With(i, Plan.Faults[i] with { At = Rounded(fault.At) }));
            }
        }
    }

    private PlannedFault[] With(int at, PlannedFault fault) => [.. Plan.Faults.Take(at), fault, .. Plan.Faults.Skip(at + 1)];

    private static TimeSpan Rounded(TimeSpan time) => TimeSpan.FromMilliseconds(Math.Floor(time.TotalMilliseconds));
}
