namespace Bft.Ledger;

/// <summary>
/// The checksum that makes a journal's frame whole or nothing: XXH3 (64 bits) over mark, length and records, seeded by the file's salt and the frame's place. Virtual, so that
/// a simulation can show what a journal without one believes.
/// </summary>
public class FrameChecksum
{
    /// <summary>The checksum as the format has it.</summary>
    public static FrameChecksum XxHash3 { get; } = new();

    /// <summary>The checksum of a frame.</summary>
    /// <param name="content">The frame behind its checksum.</param>
    /// <param name="salt">The file's salt.</param>
    /// <param name="offset">Where the frame starts in its file.</param>
    public virtual ulong Of(ReadOnlySpan<byte> content, ulong salt, long offset) => System.IO.Hashing.XxHash3.HashToUInt64(content, Salts.Seed(salt, offset));

    /// <summary>Whether a frame that was read is the one that was written.</summary>
    /// <param name="content">The frame behind its checksum.</param>
    /// <param name="salt">The file's salt.</param>
    /// <param name="offset">Where the frame starts in its file.</param>
    /// <param name="stored">The checksum that was read with it.</param>
    public virtual bool Matches(ReadOnlySpan<byte> content, ulong salt, long offset, ulong stored) => Of(content, salt, offset) == stored;
}
