using Bft.Crypto;
using Bft.Engine;

namespace Bft.Ledger;

/// <summary>What an audit found.</summary>
/// <param name="Ok">True when everything up to <paramref name="Height"/> is right.</param>
/// <param name="Height">The last height that is right.</param>
/// <param name="Transactions">Transactions executed up to it, repeats not counted: what the state root of that height says.</param>
/// <param name="StateRoot">The state root after it, by re-execution.</param>
/// <param name="TornBytes">Bytes at the end that a crash cut off a record that was being written; the next start cuts them away.</param>
/// <param name="Error">What is wrong; null when <paramref name="Ok"/>.</param>
public sealed record AuditResult(bool Ok, Height Height, long Transactions, Digest StateRoot, long TornBytes, AuditError? Error);

/// <summary>The first thing that is wrong.</summary>
/// <param name="File">The file's path.</param>
/// <param name="Offset">Where the record starts, in bytes from the start of the file.</param>
/// <param name="Height">The height that belongs there.</param>
/// <param name="Reason">What is wrong.</param>
public sealed record AuditError(string File, long Offset, Height Height, string Reason);

/// <summary>How far an audit is.</summary>
/// <param name="Height">The last height that is right.</param>
/// <param name="Transactions">The transactions so far.</param>
/// <param name="Bytes">Bytes read so far.</param>
/// <param name="TotalBytes">Bytes of all segments.</param>
public readonly record struct AuditProgress(Height Height, long Transactions, long Bytes, long TotalBytes);

/// <summary>Executes the chain again, from genesis.</summary>
public interface IReplay
{
    /// <summary>The state before the first block: height 0, the initial root, the start of the hash chain.</summary>
    StatePoint Genesis { get; }

    /// <summary>Executes the next block and returns the point it reaches.</summary>
    StatePoint Execute(CommittedBlock block);

    /// <summary>Transactions executed so far; a repeat is not one.</summary>
    long Transactions { get; }
}
