using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Storage;

namespace Bft.Ledger;

/// <summary>
/// What the records of a journal amount to: the blocks that still need it, the latest safety record of each key, the commit marks above
/// the released height. The same while running and while recovering.
/// </summary>
internal sealed class JournalState
{
    private readonly SortedList<ulong, List<StoredBlock>> _blocks = [];
    private readonly SortedDictionary<(byte Kind, ulong Slot), SafetyRecord> _records = [];
    private readonly SortedList<ulong, Digest> _marks = [];

    /// <summary>The number the next stored block gets: the order of storing, kept when a block is carried forward.</summary>
    public ulong NextSequence { get; private set; } = 1;

    public Height Released { get; private set; }

    public (Height Height, Digest Block)? Committed { get; private set; }

    public IEnumerable<SafetyRecord> Records => _records.Values;

    public IEnumerable<KeyValuePair<ulong, Digest>> Marks => _marks;

    /// <summary>The blocks that live, in the order they were stored.</summary>
    public IEnumerable<StoredBlock> Blocks => _blocks.Values.SelectMany(blocks => blocks).OrderBy(stored => stored.Sequence);

    public JournalContents Contents(bool isNew) => new([.. Blocks.Select(stored => stored.Block)], [.. Records], Committed, isNew);

    /// <summary>A new segment begins: it restates records and marks, so that older segments matter for their blocks only.</summary>
    public void Restate(ulong nextSequence, Height released, (Height Height, Digest Block)? committed)
    {
        _records.Clear();
        _marks.Clear();
        NextSequence = Math.Max(NextSequence, nextSequence);
        Release(released);
        Committed = committed;
    }

    /// <summary>Takes a block; null when nothing needs it (released, or another block is committed at its height).</summary>
    public StoredBlock? Store(Block block, ulong? sequence = null)
    {
        ulong number = sequence ?? NextSequence;
        NextSequence = Math.Max(NextSequence, number + 1);
        if (block.Height <= Released || (_marks.TryGetValue(block.Height.Value, out Digest committed) && committed != block.Digest))
        {
            return null;
        }

        if (!_blocks.TryGetValue(block.Height.Value, out List<StoredBlock>? level))
        {
            _blocks.Add(block.Height.Value, level = []);
        }

        // Stored again (carried forward, or appended anew by a turn that was repeated): one entry, the latest bytes.
        StoredBlock? known = level.Find(stored => stored.Block.Digest == block.Digest);
        if (known is null)
        {
            known = new StoredBlock(number, block);
            level.Add(known);
        }
        else
        {
            known.Replace(block);
        }

        return known;
    }

    public void Persist(SafetyRecord record) => _records[(record.Key.Kind, record.Key.Slot)] = record;

    public void Discard(byte kind, ulong throughSlot)
    {
        foreach ((byte Kind, ulong Slot) key in _records.Keys.Where(key => key.Kind == kind && key.Slot <= throughSlot).ToList())
        {
            _records.Remove(key);
        }
    }

    public void Commit(Height height, Digest block)
    {
        Committed = (height, block);
        if (height <= Released)
        {
            return;
        }

        _marks[height.Value] = block;
        if (_blocks.TryGetValue(height.Value, out List<StoredBlock>? level))
        {
            Drop(level, stored => stored.Block.Digest != block);
        }
    }

    public void Release(Height through)
    {
        Released = Height.Max(Released, through);
        while (_marks.Count > 0 && _marks.GetKeyAtIndex(0) <= Released.Value)
        {
            _marks.RemoveAt(0);
        }

        while (_blocks.Count > 0 && _blocks.GetKeyAtIndex(0) <= Released.Value)
        {
            Drop(_blocks.GetValueAtIndex(0), static _ => true);
            _blocks.RemoveAt(0);
        }
    }

    private static void Drop(List<StoredBlock> level, Predicate<StoredBlock> which) => level.RemoveAll(stored =>
    {
        if (!which(stored))
        {
            return false;
        }

        stored.Drop();
        return true;
    });
}

/// <summary>A block that still needs the journal, and the segment that holds it.</summary>
internal sealed class StoredBlock(ulong sequence, Block block)
{
    public ulong Sequence => sequence;

    public Block Block { get; private set; } = block;

    /// <summary>The segment with its newest copy; null while it is staged.</summary>
    public JournalSegment? Segment { get; private set; }

    /// <summary>True when nothing needs it any more.</summary>
    public bool IsDropped { get; private set; }

    public void Drop()
    {
        IsDropped = true;
        MoveTo(null);
    }

    public void Replace(Block newer)
    {
        JournalSegment? segment = Segment;
        MoveTo(null);
        Block = newer;
        MoveTo(segment);
    }

    /// <summary>Says which segment holds it now; null for none any more.</summary>
    public void MoveTo(JournalSegment? segment)
    {
        if (Segment is not null)
        {
            Segment.LiveBlocks--;
            Segment.LiveBytes -= Block.Encoded.Length;
        }

        Segment = segment;
        if (segment is not null)
        {
            segment.LiveBlocks++;
            segment.LiveBytes += Block.Encoded.Length;
        }
    }
}
