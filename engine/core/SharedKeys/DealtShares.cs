using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Threshold;
using Bft.Engine.Encoding;

namespace Bft.Engine.SharedKeys;

/// <summary>
/// What the dealers that count gave to each receiver of a finished key, sealed as they said it: part of the replicated state as long as the key is the last one. So a receiver that was away
/// when the generation ended still computes its share, from the blocks or from a snapshot, if it kept its seed.
/// </summary>
/// <remarks>
/// Layout: generation (32), number of dealers (2), for each, ascending: its place (2), its ephemeral key (32), the sealed shares of the holders in their order (length (4), 80 bytes each), what it
/// had to answer in clear (length (4), <see cref="Generation.EncodeShares"/>).
/// </remarks>
/// <param name="Generation">Of which generation.</param>
/// <param name="Dealers">Those that count, ascending.</param>
public sealed record DealtShares(Digest Generation, ImmutableArray<DealtBy> Dealers)
{
    /// <summary>Writes the canonical form.</summary>
    public byte[] Encode()
    {
        var writer = new CanonicalWriter(1024);
        writer.Digest(Generation);
        writer.UInt16((ushort)Dealers.Length);
        foreach (DealtBy dealer in Dealers)
        {
            writer.UInt16((ushort)dealer.Place);
            writer.Raw(dealer.Ephemeral.Span);
            writer.Bytes(dealer.Sealed.Span);
            writer.Bytes(SharedKeys.Generation.EncodeShares(dealer.Answered.Select(one => (one.Key, one.Value))));
        }

        return writer.ToArray();
    }

    /// <summary>The most bytes that what was dealt for a key can have.</summary>
    public static int MostBytes(SharedKeyOutcome outcome) =>
        Digest.Size + 2 + (outcome.Qualified.Count * (2 + ShareBox.PublicKeyBytes + 4 + 4 + 2 + (outcome.Holders.Count * (ShareBox.SealedBytes + 2 + PedersenShare.Bytes))));

    /// <summary>Reads exactly these bytes; null when malformed or not of that key.</summary>
    public static DealtShares? Decode(ReadOnlyMemory<byte> bytes, SharedKeyOutcome outcome)
    {
        var reader = new CanonicalReader(bytes);
        Digest generation = reader.Digest();
        int dealers = reader.UInt16(), last = -1;
        ImmutableArray<DealtBy>.Builder dealt = ImmutableArray.CreateBuilder<DealtBy>();
        for (int i = 0; i < dealers && !reader.Failed; i++)
        {
            int place = reader.UInt16();
            ReadOnlyMemory<byte> ephemeral = reader.Raw(ShareBox.PublicKeyBytes), sealedShares = reader.Bytes(bytes.Length), answers = reader.Bytes(bytes.Length);
            if (reader.Failed || place <= last || sealedShares.Length != outcome.Holders.Count * ShareBox.SealedBytes || SharedKeys.Generation.DecodeShares(answers) is not { } answered)
            {
                return null;
            }

            dealt.Add(new DealtBy(place, ephemeral, sealedShares, answered));
            last = place;
        }

        return reader.Complete && generation == outcome.Generation && dealt.Count > 0 ? new DealtShares(generation, dealt.ToImmutable()) : null;
    }

    /// <summary>The weights of the dealers' shares: one for a fresh key, Lagrange's for a resharing.</summary>
    internal Scalar[] Weights(bool reshared)
    {
        var weights = new Scalar[Dealers.Length];
        Array.Fill(weights, Scalar.One);
        if (reshared)
        {
            _ = Lagrange.TryWeights([.. Dealers.Select(dealer => dealer.Place + 1)], weights);
        }

        return weights;
    }
}

/// <summary>What one dealer gave to each receiver.</summary>
/// <param name="Place">Among the dealers, from 0 on.</param>
/// <param name="Ephemeral">The key it sealed with, 32 bytes.</param>
/// <param name="Sealed">The sealed shares of the holders, 80 bytes each, in the order of their places.</param>
/// <param name="Answered">The shares of those who accused it, in clear, by receiver: they count in place of the sealed ones.</param>
public sealed record DealtBy(int Place, ReadOnlyMemory<byte> Ephemeral, ReadOnlyMemory<byte> Sealed, ImmutableSortedDictionary<int, PedersenShare> Answered)
{
    /// <summary>The sealed share of a holder.</summary>
    internal ReadOnlyMemory<byte> SealedFor(int receiver, ReplicaSet holders) =>
        Sealed.Slice(holders.ToArray().Count(holder => holder < receiver) * ShareBox.SealedBytes, ShareBox.SealedBytes);
}
