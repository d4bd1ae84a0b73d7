using Bft.Simulation.Clients;

namespace Bft.Simulation.Checkers;

/// <summary>
/// Check 4: what clients were answered could have come from one store that does one operation at a time, each at some moment between question and answer.
/// The search is that of Wing and Gong ("Testing and verifying concurrent objects", JPDC 1993) with Lowe's memory of visited configurations ("Testing for
/// linearizability", 2017), key by key, because a history is linearizable if and only if it is for each key alone (Herlihy and Wing 1990).
/// </summary>
public sealed class LinearizabilityChecker : Checker
{
    /// <summary>Configurations of one key that are looked at before the search is given up, which is a violation of the test and not of the engine.</summary>
    public const int MaxConfigurations = 2_000_000;

    /// <inheritdoc/>
    public override string Name => "linearizability";

    /// <summary>Judges a finished history.</summary>
    public void Judge(History history)
    {
        foreach (IGrouping<string, Operation> key in history.Operations.GroupBy(operation => operation.Key, StringComparer.Ordinal))
        {
            Operation[] operations = [.. key.Where(operation => operation.Returned is not null || operation.Kind != OperationKind.Read).OrderBy(operation => operation.Invoked)];
            if (!IsLinearizable(operations, out bool exhausted))
            {
                Violated(exhausted
                    ? $"the history of key {key.Key} was too long to be judged"
                    : $"no order explains what clients were told of key {key.Key}: {string.Join("; ", operations.Select(operation => operation.ToString()))}");
            }
        }
    }

    /// <summary>Whether some order explains the history of one key.</summary>
    /// <param name="operations">Ordered by the time they were asked for.</param>
    /// <param name="exhausted">True when the search was given up.</param>
    public static bool IsLinearizable(IReadOnlyList<Operation> operations, out bool exhausted) => new Search(operations).Run(out exhausted);

    private sealed class Search(IReadOnlyList<Operation> operations)
    {
        private readonly ulong[] _done = new ulong[(operations.Count + 63) / 64];
        private readonly HashSet<(ulong First, ulong Second, string? Value)> _seen = [];
        private readonly Stack<(int Operation, string? Before)> _path = new();

        public bool Run(out bool exhausted)
        {
            exhausted = false;
            string? value = null;
            int from = 0;
            while (true)
            {
                if (AllAnsweredDone())
                {
                    return true;
                }

                int next = Candidate(from, value, out string? after);
                if (next >= 0)
                {
                    Set(next, true);
                    if (_seen.Add((Hash(0x9E3779B97F4A7C15), Hash(0xC2B2AE3D27D4EB4F), after)))
                    {
                        if (_seen.Count > MaxConfigurations)
                        {
                            exhausted = true;
                            return false;
                        }

                        _path.Push((next, value));
                        (value, from) = (after, 0);
                        continue;
                    }

                    Set(next, false);
                    from = next + 1;
                    continue;
                }

                if (!_path.TryPop(out (int Operation, string? Before) last))
                {
                    return false;
                }

                Set(last.Operation, false);
                (value, from) = (last.Before, last.Operation + 1);
            }
        }

        // The next operation that may come first among those left: nothing that is left returned before it was asked for.
        private int Candidate(int from, string? value, out string? after)
        {
            after = null;
            TimeSpan firstReturn = TimeSpan.MaxValue;
            for (int i = 0; i < operations.Count; i++)
            {
                if (!IsDone(i) && operations[i].Returned is { } returned && returned < firstReturn)
                {
                    firstReturn = returned;
                }
            }

            for (int i = from; i < operations.Count && operations[i].Invoked <= firstReturn; i++)
            {
                if (!IsDone(i) && Applies(operations[i], value, out after))
                {
                    return i;
                }
            }

            return -1;
        }

        private static bool Applies(Operation operation, string? value, out string? after)
        {
            switch (operation.Kind)
            {
                case OperationKind.Put:
                    after = operation.Value;
                    return true;
                case OperationKind.Delete:
                    after = null;
                    return operation.Returned is null || (operation.Result is not null) == (value is not null);
                default:
                    after = value;
                    return operation.Result == value;
            }
        }

        private bool AllAnsweredDone()
        {
            for (int i = 0; i < operations.Count; i++)
            {
                if (!IsDone(i) && operations[i].Returned is not null)
                {
                    return false;
                }
            }

            return true;
        }

        private bool IsDone(int operation) => (_done[operation / 64] >> (operation % 64) & 1) != 0;

        private void Set(int operation, bool done)
        {
            if (done)
            {
                _done[operation / 64] |= 1UL << (operation % 64);
            }
            else
            {
                _done[operation / 64] &= ~(1UL << (operation % 64));
            }
        }

        private ulong Hash(ulong factor)
        {
            ulong hash = factor;
            foreach (ulong word in _done)
            {
                hash = (hash ^ word) * factor;
                hash ^= hash >> 31;
            }

            return hash;
        }
    }
}
