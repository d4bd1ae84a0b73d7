using Bft.Crypto;

namespace Bft.Engine.Execution;

/// <summary>
/// The replicated application, its methods named after ABCI 2.0. Deterministic: equal commands in equal order give equal roots on
/// every machine. <see cref="FinalizeBlock"/>, <see cref="Commit"/> and the snapshot methods are called by one thread;
/// <see cref="CheckTx"/>, <see cref="Query"/> and what <see cref="Snapshot"/> returns by any, at any time.
/// </summary>
public interface IApplication
{
    /// <summary>Name and version, for people; the name is in genesis.</summary>
    string Name { get; }

    /// <summary>Starts an empty state at height 0; returns its root.</summary>
    Digest InitChain(Chain chain);

    /// <summary>Whether a command is well-formed and within limits. Looks at no state, so every replica agrees. Returns null or the reason.</summary>
    string? CheckTx(ReadOnlySpan<byte> command);

    /// <summary>Executes the commands of one block in order and returns the new root.</summary>
    /// <param name="context">Height and time of the block.</param>
    /// <param name="commands">The commands; slices that live as long as the block.</param>
    /// <param name="codes">Receives one result a command: 0 for success, else the application's code below <see cref="ReceiptCodes.FirstReserved"/>. Same length as commands.</param>
    Digest FinalizeBlock(BlockContext context, ReadOnlySpan<ReadOnlyMemory<byte>> commands, Span<byte> codes);

    /// <summary>Closes the height: its state is what queries see and what proofs of that height are made from.</summary>
    void Commit(Height height);

    /// <summary>Reads the state of the last committed height, or of a recent one.</summary>
    /// <param name="key">The key.</param>
    /// <param name="proveAt">Null for the newest value without a proof; else the height whose value and proof are wanted.</param>
    QueryResult Query(ReadOnlySpan<byte> key, Height? proveAt);

    /// <summary>
    /// Holds on to the whole state of the last committed height and returns what writes it: once, perhaps on another thread and while later blocks are
    /// executed. Execution waits for the holding, so that should be quick; not for the writing.
    /// </summary>
    Action<Stream> Snapshot();

    /// <summary>
    /// Replaces the state by a snapshot, which becomes that of the last committed height. Reads exactly what <see cref="Snapshot"/>
    /// wrote, from a buffered stream.
    /// </summary>
    /// <param name="chain">The chain.</param>
    /// <param name="height">The snapshot's height.</param>
    /// <param name="root">The root it must have, which is certified: whatever the snapshot says of its own size is checked against it before memory is spent.</param>
    /// <param name="stream">The content.</param>
    /// <exception cref="InvalidDataException">It is malformed or has another root; the state is undefined until the next snapshot or <see cref="InitChain"/>.</exception>
    void ReadSnapshot(Chain chain, Height height, Digest root, Stream stream);
}

/// <summary>Which block is being executed.</summary>
/// <param name="Height">Its height.</param>
/// <param name="Time">Its time, milliseconds since 1970-01-01 UTC.</param>
public readonly record struct BlockContext(Height Height, ulong Time);

/// <summary>An answer about one key.</summary>
/// <param name="Found">Whether the key is there.</param>
/// <param name="Value">The value; empty when absent.</param>
/// <param name="Height">The committed height the answer describes: the one asked for if it is still kept, else the last.</param>
/// <param name="Root">The application's root at that height.</param>
/// <param name="Proof">
/// The proof against <paramref name="Root"/> when one was asked for and the height is still kept, else null: the encoding of a
/// <see cref="Bft.Crypto.Merkle.MerkleProof"/> for the SHA-256 of the key, whose value hash is the SHA-256 of the value.
/// </param>
public sealed record QueryResult(bool Found, ReadOnlyMemory<byte> Value, Height Height, Digest Root, byte[]? Proof);
