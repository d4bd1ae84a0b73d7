using Bft.Crypto;
using Bft.Engine.Encoding;

namespace Bft.Engine;

/// <summary>
/// What a replica knows after executing a height: one type for the result in a header, a PBFT checkpoint, a snapshot's
/// identity, a sync target and a light client's anchor.
/// </summary>
/// <param name="Height">The last executed height.</param>
/// <param name="StateRoot">The root of application state and client sessions after it.</param>
/// <param name="Chain">The ledger's hash chain up to it: Chain_h = H(Chain_{h−1}, digest_h).</param>
public readonly record struct StatePoint(Height Height, Digest StateRoot, Digest Chain)
{
    /// <summary>Encoded length in bytes.</summary>
    public const int EncodedBytes = 8 + (2 * Digest.Size);

    /// <summary>Writes height, state root, chain.</summary>
    public void Encode(CanonicalWriter writer)
    {
        writer.UInt64(Height.Value);
        writer.Digest(StateRoot);
        writer.Digest(Chain);
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    public static StatePoint Decode(ref CanonicalReader reader) => new(new Height(reader.Ordinal()), reader.Digest(), reader.Digest());

    /// <summary>Height and the first digits of the state root, for logs.</summary>
    public override string ToString() => $"{Height}:{StateRoot.ToShortString()}";
}
