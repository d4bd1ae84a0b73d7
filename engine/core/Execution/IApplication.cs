using Bft.Crypto;

namespace Bft.Engine.Execution;

/// <summary>
/// The replicated application, its methods named after ABCI 2.0. Deterministic: equal commands in equal order give equal roots on
/// every machine. <see cref="FinalizeBlock"/>, <see cref="Commit"/> and the snapshot methods are called by one thread;
/// <see cref="CheckTx"/> and <see cref="Query"/> by any, at any time.
/// </summary>
public interface IApplication
{
    /// <summary>Name and version, for people; the name is in genesis.</summary>
    string Name { get; }

    /// <summary>Starts an empty state; returns its root.</summary>
    Digest InitChain(Chain chain);

    /// <summary>Whether a command is well-formed and within limits. Looks at no state, so every replica agrees. Returns null or the reason.</summary>
    string? CheckTx(ReadOnlySpan<byte> command);

    /// <summary>Executes the commands of one block in order and returns the new root.</summary>
    /// <param name="context">Height and time of the block.</param>
    /// <param name="commands">The commands; slices that live as long as the block.</param>
    /// <param name="codes">Receives one result a command: 0 for success, else the application's code. Same length as commands.</param>
    Digest FinalizeBlock(BlockContext context, ReadOnlySpan<ReadOnlyMemory<byte>> commands, Span<byte> codes);

    /// <summary>Closes the height: its state is what queries see and what proofs of that height are made from.</summary>
    void Commit(Height height);

    /// <summary>Reads the state.</summary>
    QueryResult Query(ReadOnlySpan<byte> key, Height? proveAt);

    /// <summary>Writes the whole state.</summary>
    void WriteSnapshot(Stream stream);

    /// <summary>Replaces the state by a snapshot and returns its root; throws <see cref="InvalidDataException"/> when it is malformed.</summary>
    Digest ReadSnapshot(Chain chain, Stream stream);
}

/// <summary>Which block is being executed.</summary>
/// <param name="Height">Its height.</param>
/// <param name="Time">Its time, milliseconds since 1970-01-01 UTC.</param>
public readonly record struct BlockContext(Height Height, ulong Time);

/// <summary>An answer about one key.</summary>
/// <param name="Found">Whether the key is there.</param>
/// <param name="Value">The value; empty when absent.</param>
/// <param name="Height">The committed height the answer describes.</param>
/// <param name="Root">The application's root at that height.</param>
/// <param name="Proof">The proof against <paramref name="Root"/> in its canonical encoding when one was asked for and the height is still kept; else null.</param>
public sealed record QueryResult(bool Found, ReadOnlyMemory<byte> Value, Height Height, Digest Root, byte[]? Proof);
