using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Storage;

namespace Bft.Simulation;

/// <summary>A journal whose durable part survives a simulated crash: what was appended after the last flush is lost with it.</summary>
public sealed class MemoryJournal : IJournal
{
    private readonly List<object> _durable = [];
    private readonly List<object> _pending = [];

    /// <summary>Flushes so far.</summary>
    public int Flushes { get; private set; }

    /// <summary>When set, the next flush fails, and so do all later ones.</summary>
    public bool FailFlush { get; set; }

    /// <summary>When set, appends fail as on a full disk.</summary>
    public bool Full { get; set; }

    /// <inheritdoc/>
    public JournalContents Recovered { get; private set; } = new([], [], null, true);

    /// <inheritdoc/>
    public void Append(Block block) => Add(block);

    /// <inheritdoc/>
    public void Append(SafetyRecord record) => Add(record);

    /// <inheritdoc/>
    public void Discard(byte kind, ulong throughSlot) => Add(new Discarded(kind, throughSlot));

    /// <inheritdoc/>
    public void MarkCommitted(Height height, Digest block) => Add(new Mark(height, block));

    /// <inheritdoc/>
    public void Flush()
    {
        if (FailFlush)
        {
            throw new JournalFailedException("simulated: the flush failed", null);
        }

        Flushes++;
        _durable.AddRange(_pending);
        _pending.Clear();
    }

    /// <inheritdoc/>
    public void Release(Height through) => _durable.RemoveAll(record => record is Block block && block.Height <= through);

    /// <summary>The machine stops: what was not flushed is gone.</summary>
    public void Crash()
    {
        _pending.Clear();
        Reopen();
    }

    /// <summary>The disk is lost.</summary>
    public void Wipe()
    {
        _durable.Clear();
        _pending.Clear();
        Reopen();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private void Add(object record)
    {
        if (Full)
        {
            throw new JournalWriteException("simulated: the disk is full", new IOException());
        }

        _pending.Add(record);
    }

    private void Reopen()
    {
        SortedDictionary<(byte, ulong), SafetyRecord> records = [];
        Dictionary<ulong, Digest> marks = [];
        (Height, Digest)? committed = null;
        foreach (object entry in _durable)
        {
            switch (entry)
            {
                case SafetyRecord record:
                    records[(record.Key.Kind, record.Key.Slot)] = record;
                    break;
                case Discarded discarded:
                    foreach ((byte, ulong) key in records.Keys.Where(key => key.Item1 == discarded.Kind && key.Item2 <= discarded.ThroughSlot).ToList())
                    {
                        records.Remove(key);
                    }

                    break;
                case Mark mark:
                    marks[mark.Height.Value] = mark.Block;
                    committed = (mark.Height, mark.Block);
                    break;
            }
        }

        ImmutableArray<Block> blocks = [.. _durable.OfType<Block>().Where(block => !marks.TryGetValue(block.Height.Value, out Digest named) || named == block.Digest).DistinctBy(block => block.Digest)];
        Recovered = new JournalContents(blocks, [.. records.Values], committed, _durable.Count == 0);
    }

    private sealed record Discarded(byte Kind, ulong ThroughSlot);

    private sealed record Mark(Height Height, Digest Block);
}
