namespace Bft.Engine.Execution;

/// <summary>Consecutive sequences of one client that one block executed, with their results.</summary>
/// <param name="First">The first sequence.</param>
/// <param name="Last">The last sequence.</param>
/// <param name="Height">The height that executed them.</param>
/// <param name="Code">The result of all of them when <paramref name="Codes"/> is null.</param>
/// <param name="Codes">One result a sequence when they are not all equal; never written to again.</param>
internal readonly record struct SessionInterval(ulong First, ulong Last, ulong Height, byte Code, byte[]? Codes)
{
    /// <summary>Makes an interval out of one result a sequence.</summary>
    public static SessionInterval Of(ulong first, ulong height, ReadOnlySpan<byte> codes)
    {
        ulong last = first + (ulong)codes.Length - 1;
        return codes.ContainsAnyExcept(codes[0])
            ? new SessionInterval(first, last, height, 0, codes.ToArray())
            : new SessionInterval(first, last, height, codes[0], null);
    }
}
