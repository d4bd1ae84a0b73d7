using Bft.Crypto;
using Bft.Engine.Encoding;

namespace Bft.Engine;

/// <summary>The part of a block that its digest covers. The same for every protocol.</summary>
/// <param name="Epoch">The committee configuration.</param>
/// <param name="Height">The place in the chain.</param>
/// <param name="View">The view it was proposed in.</param>
/// <param name="Parent">The parent's digest; none for slot protocols, whose order is the height's.</param>
/// <param name="PayloadRoot">The digest of the payload.</param>
/// <param name="Executed">The result of an earlier height (lagged): whoever votes for this block vouches for it.</param>
/// <param name="Proposer">Who made the block.</param>
/// <param name="Time">Milliseconds since 1970-01-01 UTC by the proposer's clock, never below the parent's.</param>
public sealed record BlockHeader(
    Epoch Epoch, Height Height, View View, Digest Parent, Digest PayloadRoot, StatePoint Executed, ReplicaId Proposer, ulong Time)
{
    /// <summary>Encoded length in bytes.</summary>
    public const int EncodedBytes = 8 + 8 + 8 + (2 * Digest.Size) + StatePoint.EncodedBytes + 2 + 8;

    /// <summary>Writes the fields in their order.</summary>
    public void Encode(CanonicalWriter writer)
    {
        writer.UInt64(Epoch.Value);
        writer.UInt64(Height.Value);
        writer.UInt64(View.Value);
        writer.Digest(Parent);
        writer.Digest(PayloadRoot);
        Executed.Encode(writer);
        writer.UInt16((ushort)Proposer.Value);
        writer.UInt64(Time);
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    public static BlockHeader Decode(ref CanonicalReader reader) => new(
        new Epoch(reader.Ordinal()),
        new Height(reader.Ordinal()),
        new View(reader.Ordinal()),
        reader.Digest(),
        reader.Digest(),
        StatePoint.Decode(ref reader),
        new ReplicaId(reader.UInt16()),
        reader.UInt64());

    /// <summary>The block's digest: the hash of chain id, kind and this header.</summary>
    public Digest DigestOn(Chain chain)
    {
        var writer = new CanonicalWriter(EncodedBytes);
        Encode(writer);
        return chain.DigestOf(Preimage.Header, writer.Span);
    }
}
