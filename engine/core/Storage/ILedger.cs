using Bft.Crypto;

namespace Bft.Engine.Storage;

/// <summary>
/// The only truth about the past: committed blocks in order, each with its proof. One thread appends and flushes; any thread may read
/// what was appended.
/// </summary>
public interface ILedger : IDisposable
{
    /// <summary>The last height in it; 0 when only genesis (which is not stored) is known.</summary>
    Height Height { get; }

    /// <summary>The hash chain up to <see cref="Height"/>: Chain_h = H(Chain_{h−1}, digest_h), Chain_0 = chain id.</summary>
    Digest ChainDigest { get; }

    /// <summary>Appends the block of the next height.</summary>
    /// <exception cref="ArgumentException">Not the next height: a bug.</exception>
    /// <exception cref="IOException">The write failed; the partial record is cut and the append may be repeated.</exception>
    /// <exception cref="LedgerFailedException">A flush failed, now or earlier: nothing is accepted until restart.</exception>
    void Append(CommittedBlock block);

    /// <summary>Makes everything appended durable and returns the height up to which it is.</summary>
    /// <exception cref="LedgerFailedException">The flush failed; latched: pages may be lost, no later flush can be trusted.</exception>
    Height Flush();

    /// <summary>The committed block at that height, or null.</summary>
    CommittedBlock? Read(Height height);

    /// <summary>The canonical bytes of the committed block at that height (<see cref="CommittedBlock.Encode"/>), as peers are sent them; false when there is none.</summary>
    bool TryReadEncoded(Height height, out ReadOnlyMemory<byte> encoded)
    {
        CommittedBlock? block = Read(height);
        encoded = block is null ? default : block.ToBytes();
        return block is not null;
    }

    /// <summary>The header committed at that height, or null.</summary>
    BlockHeader? ReadHeader(Height height);

    /// <summary>The hash chain up to that height; null above <see cref="Height"/>.</summary>
    Digest? ChainAt(Height height);

    /// <summary>The height of the block with that digest, or null.</summary>
    Height? Find(Digest block);

    /// <summary>Where a transaction is: the height of the block and its run, or null.</summary>
    Height? Find(TransactionId transaction);
}

/// <summary>Snapshots of the replicated state, so that a restart is the last snapshot and the tail.</summary>
public interface ISnapshotStore
{
    /// <summary>Writes a snapshot under its point, atomically and durably; older ones may go.</summary>
    void Save(StatePoint point, Action<Stream> write);

    /// <summary>The newest snapshot that is whole, at or below a height; null when there is none. The caller disposes the stream.</summary>
    (StatePoint Point, Stream Content)? OpenLatest(Height atMost);
}

/// <summary>A flush of the ledger failed: what was appended before may be lost although a later flush succeeds. Latched until restart.</summary>
public sealed class LedgerFailedException(string message, Exception? inner) : IOException(message, inner);
