namespace Bft.Engine.Mempool;

/// <summary>A run that is not yet committed, as the pool holds it.</summary>
internal sealed class PoolEntry(Run run, ulong order, TimeSpan arrived)
{
    /// <summary>The run.</summary>
    public Run Run { get; } = run;

    /// <summary>Its place in the order of arrival.</summary>
    public ulong Order { get; } = order;

    /// <summary>When it was first heard of, by the pool's clock.</summary>
    public TimeSpan Arrived { get; } = arrived;

    /// <summary>When it was offered to the other replicas again for the last time; null when it never was.</summary>
    public TimeSpan? Offered { get; set; }

    /// <summary>Until when this replica does not propose it, by the pool's clock; null once the others can believe its signature.</summary>
    public TimeSpan? UnattestedUntil { get; set; }

    /// <summary>What it takes of the room.</summary>
    public long Cost => Run.Encoded.Length + PoolOptions.RunOverheadBytes;

    /// <summary>True when the pool answers for it: it was given to this replica, or taken over from an abandoned block.</summary>
    public bool Counted { get; set; }

    /// <summary>How many blocks that count as its future hold it; it waits only while there is none.</summary>
    public int Holders { get; set; }

    /// <summary>True once it left the pool: blocks that hold it may still name it.</summary>
    public bool Gone { get; set; }

    /// <summary>The block that named it last, to see a run that one block names twice.</summary>
    public PooledBlock? NamedBy { get; set; }

    /// <summary>Neighbours among all entries.</summary>
    public EntryLinks Arrivals;

    /// <summary>Neighbours among those that wait.</summary>
    public EntryLinks Waiting;
}

/// <summary>The neighbours of an entry in one list.</summary>
internal struct EntryLinks
{
    public PoolEntry? Previous;
    public PoolEntry? Next;
    public bool Linked;
}

/// <summary>An uncommitted block the pool was told of.</summary>
internal sealed class PooledBlock(Block block)
{
    /// <summary>The block.</summary>
    public Block Block { get; } = block;

    /// <summary>Whether its runs are held back: true until a proposal is to be built elsewhere.</summary>
    public bool Holding { get; set; }

    /// <summary>The entries it holds back.</summary>
    public List<PoolEntry> Entries { get; } = new(block.Payload.Runs.Count);
}

/// <summary>Entries in the order of their arrival, linked through themselves: taking one out of the middle costs nothing to look for.</summary>
internal abstract class EntryList
{
    /// <summary>The first to have arrived; null when there is none.</summary>
    public PoolEntry? Head { get; private set; }

    private PoolEntry? Tail { get; set; }

    /// <summary>Whether the entry is in the list.</summary>
    public bool Contains(PoolEntry entry) => Links(entry).Linked;

    /// <summary>The entry after this one.</summary>
    public PoolEntry? After(PoolEntry entry) => Links(entry).Next;

    /// <summary>Adds an entry that arrived after all others.</summary>
    public void Append(PoolEntry entry) => InsertAfter(Tail, entry);

    /// <summary>Adds entries, ascending in their order, each at its place; one walk along the list for all of them.</summary>
    public void Insert(List<PoolEntry> ascending)
    {
        PoolEntry? before = null;
        foreach (PoolEntry entry in ascending)
        {
            for (PoolEntry? next = before is null ? Head : After(before); next is not null && next.Order < entry.Order; next = After(next))
            {
                before = next;
            }

            InsertAfter(before, entry);
            before = entry;
        }
    }

    /// <summary>Takes an entry out.</summary>
    public void Remove(PoolEntry entry)
    {
        ref EntryLinks links = ref Links(entry);
        if (links.Previous is null)
        {
            Head = links.Next;
        }
        else
        {
            Links(links.Previous).Next = links.Next;
        }

        if (links.Next is null)
        {
            Tail = links.Previous;
        }
        else
        {
            Links(links.Next).Previous = links.Previous;
        }

        links = default;
    }

    /// <summary>Where an entry keeps its neighbours in this list.</summary>
    protected abstract ref EntryLinks Links(PoolEntry entry);

    private void InsertAfter(PoolEntry? before, PoolEntry entry)
    {
        PoolEntry? next = before is null ? Head : After(before);
        Links(entry) = new EntryLinks { Previous = before, Next = next, Linked = true };
        if (before is null)
        {
            Head = entry;
        }
        else
        {
            Links(before).Next = entry;
        }

        if (next is null)
        {
            Tail = entry;
        }
        else
        {
            Links(next).Previous = entry;
        }
    }
}

/// <summary>All entries: the oldest transaction that is not yet committed is its head.</summary>
internal sealed class ArrivalList : EntryList
{
    protected override ref EntryLinks Links(PoolEntry entry) => ref entry.Arrivals;
}

/// <summary>The entries that may be proposed.</summary>
internal sealed class WaitingList : EntryList
{
    protected override ref EntryLinks Links(PoolEntry entry) => ref entry.Waiting;
}
