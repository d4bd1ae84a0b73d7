using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Storage;
using Bft.Ledger;
using Bft.Ledger.Disks;

namespace Bft.Simulation.Mutations;

/// <summary>What is durable when, and what a journal is worth after a crash, broken once each.</summary>
internal static class MutatedJournals
{
    private const string WriteAhead = "what is said is on disk before it leaves; PROTOCOLS 0.4.1, DESIGN port rule 1";

    public static IReadOnlyList<Mutation> All { get; } =
    [
        Of("sends-before-flush", "flushes a turn after its messages left", WriteAhead + ", SCENARIOS O-02, O-45", "O-02", inner => new FlushesLater(inner)) with { Also = ["O-45"] },
        Of("flushes-lazily", "flushes every fourth turn", "one flush a turn that promises something; SCENARIOS O-02", "O-02", inner => new FlushesNowAndThen(inner)) with { Also = ["O-45"] },
        Of("records-unflushed", "flushes for blocks and not for what was signed", WriteAhead, "O-02", inner => new FlushesForBlocks(inner)),
        Of("blocks-durable-at-commit", "stores a block when it is committed", "a block is durable before the vote for it leaves; PROTOCOLS 25", "O-02", inner => new StoresAtCommit(inner)),
        Of("full-disk-ignored", "takes a write that found no room for done", "nothing of a turn that was not written leaves; SCENARIOS O-45", "O-45", inner => new IgnoresFullDisks(inner)),
        Of("blocks-forgotten-at-restart", "gives back no stored block after a restart", "blocks voted for are there after a crash; PROTOCOLS 25", "O-02", inner => new WithoutBlocks(inner)),
        Of("first-record-wins", "gives back the first record of each key instead of the latest", "the latest of a key wins; DESIGN \"SafetyRecord\"", "O-09", inner => new FirstRecords(inner), perReplica: true),
        Of("released-before-copied", "lets blocks go from the journal when they are committed", "journal segments go when the ledger's copy is flushed; DESIGN port rule 5", "C-09", inner => new ReleasesAtCommit(inner)),
        new Mutation("ledger-unflushed", "says that the ledger is flushed and does not flush it")
        {
            Rule = "journal segments go when the ledger's copy is flushed; DESIGN port rule 5, PROTOCOLS 0.4.2",
            By = "C-09",
            Apply = options => options with { WrapBlocksDisk = disk => new ChangedDisk(disk, static _ => { }) },
        },
        OfOpening("one-salt-for-all", "gives every file the same salt", "what an earlier use of a file left in it is no frame; PROTOCOLS 0.4.4", "C-09", (disk, chain, options) => Journal.Open(disk, chain, options with { Salt = static () => 7 })),
        OfDisk("flush-skipped", "says that it flushed and does not", "a flush is an fsync; PROTOCOLS 0.4.3", "O-02", disk => new ChangedDisk(disk, static _ => { })),
        OfDisk("failed-flush-trusted", "takes a failed flush for one that succeeded", "a failed flush is latched; PROTOCOLS 0.4.3, SCENARIOS O-45", "O-45", disk => new ChangedDisk(disk, IgnoreFailure)),
        OfDisk("failed-flush-repeated", "flushes again when a flush failed, and believes the second one", "pages of a failed flush are lost; PROTOCOLS 0.4.3, SCENARIOS O-45", "O-45", disk => new ChangedDisk(disk, TryAgain)),
        new Mutation("checksum-unchecked", "takes every frame for whole")
        {
            Rule = "a record is whole or does not exist; SCENARIOS O-45",
            By = "O-45",
            Apply = options => options with { Checksum = new Credulous() },
        },
        OfOpening("torn-tail-fatal", "does not start over a torn tail", "a torn tail is cut and the replica starts; SCENARIOS O-45", "O-45", RefuseTornTails),
        OfOpening("damaged-middle-cut", "cuts the journal at the first bad frame, whatever follows it", "a bad record before good ones is refused; PROTOCOLS 0.4.4, SCENARIOS O-45", "O-45", CutAtDamage),
        OfOpening("damaged-journal-begun-anew", "begins a new journal, with its vote, where the old one cannot be read", "who lost its safety records starts without a vote; DESIGN \"Encoding and durability\"", "O-45", BeginAnew),
    ];

    private static Mutation Of(string name, string does, string rule, string by, Func<IJournal, IJournal> wrap, bool perReplica = false) => new(name, does)
    {
        Rule = rule,
        By = by,
        Apply = options => perReplica ? options with { OpenJournal = (disk, chain, wanted) => wrap(Journal.Open(disk, chain, wanted)) } : options with { WrapJournal = wrap },
    };

    private static Mutation OfDisk(string name, string does, string rule, string by, Func<IDisk, IDisk> wrap) => new(name, does)
    {
        Rule = rule,
        By = by,
        Apply = options => options with { WrapJournalDisk = wrap },
    };

    private static Mutation OfOpening(string name, string does, string rule, string by, Func<IDisk, Chain, JournalOptions, IJournal> open) => new(name, does)
    {
        Rule = rule,
        By = by,
        Apply = options => options with { OpenJournal = open },
    };

    private static void IgnoreFailure(Action flush)
    {
        try
        {
            flush();
        }
        catch (IOException)
        {
            // As if nothing had been.
        }
    }

    private static void TryAgain(Action flush)
    {
        try
        {
            flush();
        }
        catch (IOException)
        {
            flush();
        }
    }

    // Cutting a tail is the one thing for which a journal that is there writes nothing but zeros when it opens.
    private static Journal RefuseTornTails(IDisk disk, Chain chain, JournalOptions options)
    {
        if (!disk.List().Any(Journal.IsSegment))
        {
            return Journal.Open(disk, chain, options);
        }

        bool cut = false;
        var journal = Journal.Open(new ChangedDisk(disk, static flush => flush(), bytes => cut |= !bytes.ContainsAnyExcept((byte)0)), chain, options);
        if (cut)
        {
            journal.Dispose();
            throw new JournalDamagedException(disk.Location, "its newest file", 0, "the last frame is torn");
        }

        return journal;
    }

    private static Journal CutAtDamage(IDisk disk, Chain chain, JournalOptions options)
    {
        JournalDamagedException? last = null;
        while (true)
        {
            try
            {
                return Journal.Open(disk, chain, options);
            }
            catch (JournalDamagedException damage)
            {
                if (last is not null && (last.File, last.Offset) == (damage.File, damage.Offset))
                {
                    // Nothing is left of that file.
                    disk.Delete(damage.File);
                    disk.Flush();
                    last = null;
                    continue;
                }

                using IDiskFile file = disk.Open(damage.File);
                long length = file.Length;
                file.SetLength(damage.Offset);
                file.SetLength(length);
                file.Flush();
                last = damage;
            }
        }
    }

    private static Journal BeginAnew(IDisk disk, Chain chain, JournalOptions options)
    {
        try
        {
            return Journal.Open(disk, chain, options);
        }
        catch (JournalDamagedException)
        {
            foreach (string name in disk.List())
            {
                disk.Delete(name);
            }

            disk.Flush();
            return Journal.Open(disk, chain, options);
        }
    }

    private sealed class Credulous : FrameChecksum
    {
        public override bool Matches(ReadOnlySpan<byte> content, ulong salt, long offset, ulong stored) => true;
    }

    /// <summary>A journal that changes what is asked of another.</summary>
    private abstract class ChangedJournal(IJournal inner) : IJournal
    {
        public virtual JournalContents Recovered => inner.Recovered;

        public virtual void Append(Block block) => inner.Append(block);

        public virtual void Append(SafetyRecord record) => inner.Append(record);

        public void Discard(byte kind, ulong throughSlot) => inner.Discard(kind, throughSlot);

        public virtual void MarkCommitted(Height height, Digest block) => inner.MarkCommitted(height, block);

        public virtual void Flush() => inner.Flush();

        public void Release(Height through) => inner.Release(through);

        public void Dispose() => inner.Dispose();
    }

    private sealed class FlushesLater(IJournal inner) : ChangedJournal(inner)
    {
        private bool _due;

        public override void Append(Block block)
        {
            FlushWhatIsDue();
            base.Append(block);
        }

        public override void Append(SafetyRecord record)
        {
            FlushWhatIsDue();
            base.Append(record);
        }

        public override void Flush() => _due = true;

        private void FlushWhatIsDue()
        {
            if (_due)
            {
                _due = false;
                base.Flush();
            }
        }
    }

    private sealed class FlushesNowAndThen(IJournal inner) : ChangedJournal(inner)
    {
        private int _turns;

        public override void Flush()
        {
            if (++_turns % 4 == 0)
            {
                base.Flush();
            }
        }
    }

    private sealed class FlushesForBlocks(IJournal inner) : ChangedJournal(inner)
    {
        private bool _blocks;

        public override void Append(Block block)
        {
            _blocks = true;
            base.Append(block);
        }

        public override void Flush()
        {
            if (_blocks)
            {
                _blocks = false;
                base.Flush();
            }
        }
    }

    private sealed class StoresAtCommit(IJournal inner) : ChangedJournal(inner)
    {
        private readonly Dictionary<Digest, Block> _kept = [];

        public override void Append(Block block) => _kept[block.Digest] = block;

        public override void MarkCommitted(Height height, Digest block)
        {
            if (_kept.Remove(block, out Block? kept))
            {
                base.Append(kept);
            }

            base.MarkCommitted(height, block);
        }
    }

    private sealed class IgnoresFullDisks(IJournal inner) : ChangedJournal(inner)
    {
        public override void Flush()
        {
            try
            {
                base.Flush();
            }
            catch (JournalWriteException)
            {
                // As if there had been room.
            }
        }
    }

    private sealed class ReleasesAtCommit(IJournal inner) : ChangedJournal(inner)
    {
        public override void MarkCommitted(Height height, Digest block)
        {
            base.MarkCommitted(height, block);
            Release(height);
        }
    }

    private sealed class WithoutBlocks(IJournal inner) : ChangedJournal(inner)
    {
        public override JournalContents Recovered => base.Recovered with { Blocks = [] };
    }

    // Of each key only the first record of a life is written.
    private sealed class FirstRecords(IJournal inner) : ChangedJournal(inner)
    {
        private readonly HashSet<RecordKey> _written = [];

        public override void Append(SafetyRecord record)
        {
            if (_written.Add(record.Key))
            {
                base.Append(record);
            }
        }
    }

    /// <summary>A disk that flushes files in its own way, and tells what is written.</summary>
    private sealed class ChangedDisk(IDisk inner, Action<Action> flush, Writing? writing = null) : IDisk
    {
        public string Location => inner.Location;

        public IReadOnlyList<string> List() => inner.List();

        public IDiskFile Open(string name, bool writable = true) => new ChangedFile(inner.Open(name, writable), flush, writing);

        public IDiskFile Create(string name) => new ChangedFile(inner.Create(name), flush, writing);

        public void Rename(string from, string to) => inner.Rename(from, to);

        public void Delete(string name) => inner.Delete(name);

        public void Flush() => inner.Flush();
    }

    private sealed class ChangedFile(IDiskFile inner, Action<Action> flush, Writing? writing) : IDiskFile
    {
        public string Name => inner.Name;

        public long Length => inner.Length;

        public int Read(long offset, Span<byte> destination) => inner.Read(offset, destination);

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            writing?.Invoke(bytes);
            inner.Write(offset, bytes);
        }

        public void SetLength(long length) => inner.SetLength(length);

        public void Flush() => flush(inner.Flush);

        public void Dispose() => inner.Dispose();
    }

    private delegate void Writing(ReadOnlySpan<byte> bytes);
}
