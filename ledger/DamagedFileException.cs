using Bft.Engine;

namespace Bft.Ledger;

/// <summary>
/// A file holds bytes that no crash explains: something bad is followed by something that was written after the bad part had been
/// flushed. Nothing was changed on disk.
/// </summary>
public abstract class DamagedFileException : IOException
{
    private protected DamagedFileException(string advice, string location, string file, long offset, string reason)
        : base($"{Path.Combine(location, file)} is damaged at offset {offset}: {reason}. {advice}")
    {
        File = file;
        Offset = offset;
        Reason = reason;
    }

    /// <summary>The file's name within its directory.</summary>
    public string File { get; }

    /// <summary>Where the damage starts, in bytes from the start of the file.</summary>
    public long Offset { get; }

    /// <summary>What is wrong there.</summary>
    public string Reason { get; }
}

/// <summary>The journal's middle is damaged: what was promised is not known any more, so nothing may be signed on its ground.</summary>
public sealed class JournalDamagedException(string location, string file, long offset, string reason) : DamagedFileException(
    "The record of what this validator signed is incomplete. Never put back an older journal, which could make it sign twice: move the journal directory away, and the validator rejoins without a vote and earns it back.",
    location, file, offset, reason);

/// <summary>The ledger's middle is damaged.</summary>
public sealed class LedgerDamagedException(string location, string file, long offset, Height height, string reason) : DamagedFileException(
    $"The block of height {height} cannot be trusted: move the blocks directory away, and the validator fetches the chain again from the others.",
    location, file, offset, reason)
{
    /// <summary>The height of the record that is damaged.</summary>
    public Height Height { get; } = height;
}

/// <summary>A file belongs to another chain, or was written in a format of another version.</summary>
public sealed class ForeignFileException(string location, string file, string reason)
    : IOException($"{Path.Combine(location, file)} does not belong here: {reason}. Check that the home directory fits the genesis.")
{
    /// <summary>The file's name within its directory.</summary>
    public string File { get; } = file;
}
