using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Storage;

namespace Bft.Testnet.Node;

/// <summary>A journal that counts its flushes: what a validator asks of its disk.</summary>
internal sealed class MeteredJournal(IJournal journal) : IJournal
{
    private long _flushes;

    /// <summary>Flushes so far.</summary>
    public long Flushes => Interlocked.Read(ref _flushes);

    /// <inheritdoc/>
    public JournalContents Recovered => journal.Recovered;

    /// <inheritdoc/>
    public void Append(Block block) => journal.Append(block);

    /// <inheritdoc/>
    public void Append(SafetyRecord record) => journal.Append(record);

    /// <inheritdoc/>
    public void Discard(byte kind, ulong throughSlot) => journal.Discard(kind, throughSlot);

    /// <inheritdoc/>
    public void MarkCommitted(Height height, Digest block) => journal.MarkCommitted(height, block);

    /// <inheritdoc/>
    public void Flush()
    {
        journal.Flush();
        Interlocked.Increment(ref _flushes);
    }

    /// <inheritdoc/>
    public void Release(Height through) => journal.Release(through);

    /// <inheritdoc/>
    public void Dispose() => journal.Dispose();
}
