using Bft.Testnet.Homes;

namespace Bft.Testnet.Clients;

/// <summary>Checks a validator's ledger without running the validator.</summary>
public interface ILedgerAudit
{
    /// <summary>Checks checksums, hash chain, certificates, transaction signatures and, by executing everything again, state roots.</summary>
    /// <param name="settings">The home and the genesis to check against.</param>
    /// <param name="progress">Told the heights that are checked.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<AuditReport> AuditAsync(NodeSettings settings, IProgress<ulong>? progress, CancellationToken cancellation);
}

/// <summary>What an audit found.</summary>
/// <param name="Ok">Whether everything holds.</param>
/// <param name="Height">The last height that holds.</param>
/// <param name="Transactions">Transactions up to there.</param>
/// <param name="StateRoot">The state root up to there, in hexadecimal.</param>
/// <param name="Error">The first thing that does not hold, or null.</param>
/// <param name="TornBytes">Bytes behind the last block that are none: what a crash cut off while it was written, or what was lost at the end of the file; the next start cuts them away.</param>
public sealed record AuditReport(bool Ok, ulong Height, ulong Transactions, string? StateRoot, AuditError? Error, long TornBytes = 0);

/// <summary>Where a ledger is damaged or wrong.</summary>
/// <param name="File">The file.</param>
/// <param name="Offset">The position in it in bytes, when known.</param>
/// <param name="Height">The height concerned, when known.</param>
/// <param name="Reason">What does not hold.</param>
public sealed record AuditError(string File, long? Offset, ulong? Height, string Reason);
