using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Crypto.Threshold;
using Bft.Engine.Encoding;

namespace Bft.Engine.SharedKeys;

/// <summary>How a generation ended: part of the replicated state, the same at every validator.</summary>
/// <param name="Generation">Its id.</param>
/// <param name="FinishedAt">The height it ended with.</param>
/// <param name="Failure">Why there is no key; null when there is one.</param>
/// <param name="Receivers">Identity keys of those the key was shared among, in the order of their shares.</param>
/// <param name="Holders">Who of them announced a key and so has a share.</param>
/// <param name="Qualified">Dealers whose dealings count, by their place among the dealers.</param>
/// <param name="Blamed">Who broke a rule or was silent, and how.</param>
/// <param name="Commitments">The commitments to the key, group key first; null when it failed.</param>
/// <param name="EffectHeight">The height from which the key is the consortium's; 0 when it failed.</param>
/// <param name="Reshares">The generation whose key this is, shared anew; none for a fresh key.</param>
public sealed record SharedKeyOutcome(
    Digest Generation,
    Height FinishedAt,
    string? Failure,
    ImmutableArray<ReadOnlyMemory<byte>> Receivers,
    ReplicaSet Holders,
    ReplicaSet Qualified,
    ImmutableArray<Blame> Blamed,
    Commitments? Commitments,
    Height EffectHeight,
    Digest Reshares)
{
    private const int MostTextBytes = 256;
    private const int PointBytes = 96;

    /// <summary>How many shares sign together.</summary>
    public int Threshold => Commitments?.Quorum ?? 0;

    /// <summary>The public key of a share.</summary>
    /// <param name="place">From 0 on.</param>
    /// <exception cref="InvalidOperationException">The generation failed.</exception>
    public byte[] ShareKey(int place) =>
        (Commitments ?? throw new InvalidOperationException($"Generation {Generation.ToShortString()} made no key: {Failure}.")).KeyAt(place + 1).ToBytes();

    /// <summary>The place of an identity among the receivers; -1 when it is none.</summary>
    public int PlaceOf(ReadOnlyMemory<byte> identity)
    {
        for (int i = 0; i < Receivers.Length; i++)
        {
            if (Receivers[i].Span.SequenceEqual(identity.Span))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Writes the canonical form.</summary>
    public byte[] Encode()
    {
        var writer = new CanonicalWriter(1024);
        writer.Digest(Generation);
        writer.UInt64(FinishedAt.Value);
        writer.Bytes(System.Text.Encoding.UTF8.GetBytes(Failure ?? ""));
        writer.UInt16((ushort)Receivers.Length);
        foreach (ReadOnlyMemory<byte> receiver in Receivers)
        {
            writer.Raw(receiver.Span);
        }

        writer.Set(Holders);
        writer.Set(Qualified);
        writer.UInt16((ushort)Blamed.Length);
        foreach (Blame blame in Blamed)
        {
            writer.Byte(blame.IsReceiver ? (byte)1 : (byte)0);
            writer.UInt16((ushort)blame.Place);
            writer.Byte((byte)blame.Reason);
        }

        writer.UInt16((ushort)Threshold);
        writer.Raw(Commitments?.ToBytes() ?? []);
        writer.UInt64(EffectHeight.Value);
        writer.Digest(Reshares);
        return writer.ToArray();
    }

    /// <summary>Reads exactly these bytes; null when malformed.</summary>
    public static SharedKeyOutcome? Decode(ReadOnlyMemory<byte> bytes)
    {
        var reader = new CanonicalReader(bytes);
        Digest generation = reader.Digest();
        ulong finished = reader.UInt64();
        string failure = System.Text.Encoding.UTF8.GetString(reader.Bytes(MostTextBytes).Span);
        int members = reader.UInt16();
        if (reader.Failed || members is 0 or > ReplicaSet.Capacity || reader.Remaining < members * 32)
        {
            return null;
        }

        var receivers = new ReadOnlyMemory<byte>[members];
        for (int i = 0; i < receivers.Length; i++)
        {
            receivers[i] = reader.Raw(32);
        }

        ReplicaSet holders = reader.Set(), qualified = reader.Set();
        int blames = reader.UInt16();
        ImmutableArray<Blame>.Builder blamed = ImmutableArray.CreateBuilder<Blame>();
        for (int i = 0; i < blames && !reader.Failed; i++)
        {
            blamed.Add(new Blame(reader.Flag(), reader.UInt16(), (BlameReason)reader.Byte()));
        }

        int threshold = reader.UInt16();
        ReadOnlyMemory<byte> points = threshold <= ReplicaSet.Capacity ? reader.Raw(threshold * PointBytes) : default;
        ulong effect = reader.UInt64();
        Digest reshares = reader.Digest();
        if (!reader.Complete || threshold > members || holders.ToArray().Any(holder => holder >= members))
        {
            return null;
        }

        var commitments = threshold == 0 ? null : Commitments.TryRead(points.Span, threshold, out _);
        return (failure.Length == 0) != (commitments is not null)
            ? null
            : new SharedKeyOutcome(
                generation, new Height(finished), failure.Length == 0 ? null : failure, [.. receivers], holders, qualified, blamed.ToImmutable(), commitments, new Height(effect), reshares);
    }
}
