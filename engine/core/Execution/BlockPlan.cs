using Bft.Crypto;

namespace Bft.Engine.Execution;

/// <summary>
/// The work on one block between the sessions and the application: which commands are new, in the order of the block, and where
/// each run's answer comes from. A sequence that occurs twice in one block is new once. Used by the executor's thread; its
/// buffers are reused from block to block.
/// </summary>
internal sealed class BlockPlan
{
    private readonly Sessions _sessions;
    private readonly Dictionary<Digest, TouchedClient> _touched;
    private readonly List<TouchedClient> _order = [];
    private readonly Stack<TouchedClient> _spare = [];
    private readonly List<Part> _parts = [];
    private ReadOnlyMemory<byte>[] _commands = new ReadOnlyMemory<byte>[64];
    private byte[] _codes = new byte[64];
    private int _runs;

    /// <summary>Makes an empty plan over these sessions.</summary>
    public BlockPlan(Sessions sessions, DigestComparer comparer)
    {
        _sessions = sessions;
        _touched = new Dictionary<Digest, TouchedClient>(comparer);
    }

    /// <summary>How many commands are new.</summary>
    public int Count { get; private set; }

    /// <summary>The new commands in their order.</summary>
    public ReadOnlySpan<ReadOnlyMemory<byte>> Commands => _commands.AsSpan(0, Count);

    /// <summary>Room for one result a new command.</summary>
    public Span<byte> Codes => _codes.AsSpan(0, Count);

    /// <summary>The clients with new sequences, in the order of their first one.</summary>
    public IReadOnlyList<TouchedClient> Touched => _order;

    /// <summary>Takes the next run of the block.</summary>
    public void Add(Run run)
    {
        int number = _runs++;
        _touched.TryGetValue(run.Client, out TouchedClient? touched);
        Session? session = touched is null ? _sessions.SessionOf(run.Client) : touched.Session;
        if (touched is null && session is null && !_sessions.TryAdmit(run.Client))
        {
            _parts.Add(new Part(number, run.First, run.Last, PartKind.Refused, default, 0));
            return;
        }

        session ??= Session.None;
        ulong sequence = run.First;
        while (sequence <= run.Last)
        {
            SessionPart known = session.Look(sequence, run.Last);
            SessionPartKind judged = _sessions.Rules.Judge(known.Kind);
            if (judged != SessionPartKind.New)
            {
                PartKind kind = judged == SessionPartKind.Executed ? PartKind.Executed : PartKind.Forgotten;
                _parts.Add(new Part(number, sequence, known.Last, kind, known.Interval, 0));
                sequence = known.Last + 1;
                continue;
            }

            touched ??= Touch(run.Client);
            sequence = AddUnknown(run, number, touched, sequence, known.Last) + 1;
        }
    }

    /// <summary>Writes the receipts of all runs; <see cref="Codes"/> must be filled.</summary>
    /// <param name="runs">The runs, as they were added.</param>
    /// <param name="height">The block's height.</param>
    /// <param name="builder">Receives the receipts, run after run.</param>
    /// <returns>Where the receipts of each run start; null when every run has exactly one.</returns>
    public int[]? WriteReceipts(IReadOnlyList<Run> runs, ulong height, ReceiptBuilder builder)
    {
        builder.Clear();
        var starts = new int[runs.Count + 1];
        bool single = true;
        int next = 0;
        for (int number = 0; number < runs.Count; number++)
        {
            builder.Begin(runs[number].Client, runs[number].First);
            starts[number] = builder.Receipts.Count;
            single &= starts[number] == number;
            for (; next < _parts.Count && _parts[next].Run == number; next++)
            {
                Part part = _parts[next];
                int count = (int)(part.Last - part.First + 1);
                switch (part.Kind)
                {
                    case PartKind.New:
                        builder.Add(height, _codes.AsSpan(part.Offset, count));
                        break;
                    case PartKind.Executed:
                        builder.Add(part.Interval, part.First, part.Last);
                        break;
                    case PartKind.Forgotten:
                        builder.Add(0, ReceiptCodes.Forgotten, count);
                        break;
                    default:
                        builder.Add(0, ReceiptCodes.Refused, count);
                        break;
                }
            }
        }

        builder.End();
        starts[runs.Count] = builder.Receipts.Count;
        return single && starts[runs.Count] == runs.Count ? null : starts;
    }

    /// <summary>Lets go of the block, so that nothing here keeps its bytes alive.</summary>
    public void Clear()
    {
        Array.Clear(_commands, 0, Count);
        Count = 0;
        _runs = 0;
        _parts.Clear();
        _touched.Clear();
        foreach (TouchedClient touched in _order)
        {
            touched.Clear();
            _spare.Push(touched);
        }

        _order.Clear();
    }

    /// <summary>Splits sequences unknown to the session by what this block holds already; returns the last sequence of the first part.</summary>
    private ulong AddUnknown(Run run, int number, TouchedClient touched, ulong first, ulong last)
    {
        int index = touched.IndexFrom(first);
        if (index < touched.Count && touched[index].First <= last)
        {
            PlannedSequences planned = touched[index];
            if (planned.First <= first)
            {
                last = Math.Min(last, planned.Last);
                _parts.Add(new Part(number, first, last, PartKind.New, default, planned.Offset + (int)(first - planned.First)));
                return last;
            }

            last = planned.First - 1;
        }

        ReadOnlySpan<ReadOnlyMemory<byte>> commands = run.Commands.Slice((int)(first - run.First), (int)(last - first + 1));
        if (_commands.Length - Count < commands.Length)
        {
            int room = Math.Max(_commands.Length * 2, Count + commands.Length);
            Array.Resize(ref _commands, room);
            _codes = new byte[room];
        }

        commands.CopyTo(_commands.AsSpan(Count));
        _parts.Add(new Part(number, first, last, PartKind.New, default, Count));
        touched.Insert(index, new PlannedSequences(first, last, Count));
        Count += commands.Length;
        return last;
    }

    private TouchedClient Touch(Digest client)
    {
        TouchedClient touched = _spare.TryPop(out TouchedClient? spare) ? spare : new TouchedClient();
        touched.Client = client;
        touched.Session = _sessions.SessionOf(client);
        _touched.Add(client, touched);
        _order.Add(touched);
        return touched;
    }

    private enum PartKind
    {
        New,
        Executed,
        Forgotten,
        Refused,
    }

    private readonly record struct Part(int Run, ulong First, ulong Last, PartKind Kind, SessionInterval Interval, int Offset);
}
