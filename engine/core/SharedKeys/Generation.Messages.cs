using System.Collections.Immutable;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Threshold;
using Bft.Engine.Encoding;

namespace Bft.Engine.SharedKeys;

/// <content>What each message is checked for, and what it changes.</content>
public sealed partial class Generation
{
    /// <summary>Takes a message of this generation.</summary>
    /// <returns>A code of <see cref="SharedKeyCodes"/>, and whether the state changed: a refusal may leave its author blamed.</returns>
    internal (byte Code, bool Changed) Apply(SharedKeyMessage message)
    {
        if (message.Kind == SharedKeyMessageKind.Tick)
        {
            // It says nothing, so nobody is asked whether he said it.
            return (!IsRunning ? SharedKeyCodes.WrongPhase : message.Content.Length == sizeof(ulong) ? SharedKeyCodes.Ok : SharedKeyCodes.Refused, false);
        }

        if (PhaseOf(message.Kind) != Phase)
        {
            return (SharedKeyCodes.WrongPhase, false);
        }

        bool isReceiver = message.Kind is SharedKeyMessageKind.Announce or SharedKeyMessageKind.Verdict or SharedKeyMessageKind.Objection or SharedKeyMessageKind.Reveal;
        ImmutableArray<ReadOnlyMemory<byte>> members = isReceiver ? Receivers : Dealers;
        if (message.Sender >= members.Length)
        {
            return (SharedKeyCodes.NoMember, false);
        }

        if (HasSpoken(message.Kind, message.Sender))
        {
            return (IsConcerned(message.Kind, message.Sender) ? SharedKeyCodes.AlreadySaid : SharedKeyCodes.NotConcerned, false);
        }

        // What is remembered has twice the size of a good word at the most: also a bad one that is kept because its author is blamed for it.
        if (message.Content.Length > 2 * GoodContentBytes(message.Kind))
        {
            return (SharedKeyCodes.Refused, false);
        }

        if (!message.IsBy(_chain, members[message.Sender]))
        {
            return (SharedKeyCodes.WrongSignature, false);
        }

        int sender = message.Sender;
        return message.Kind switch
        {
            SharedKeyMessageKind.Announce => Announce(sender, message.Content),
            SharedKeyMessageKind.Deal => TakeDeal(sender, message.Content),
            SharedKeyMessageKind.Verdict => TakeVerdict(sender, message.Content),
            SharedKeyMessageKind.Answer => TakeAnswer(sender, message.Content),
            SharedKeyMessageKind.Extract => TakeExtraction(sender, message.Content),
            SharedKeyMessageKind.Objection => TakeObjection(sender, message.Content),
            _ => TakeReveal(sender, message.Content),
        };
    }

    /// <summary>The encoding of shares by place: number (2), then for each, ascending, its place (2) and the share (64).</summary>
    public static byte[] EncodeShares(IEnumerable<(int Place, PedersenShare Share)> shares)
    {
        (int Place, PedersenShare Share)[] ordered = [.. shares.OrderBy(one => one.Place)];
        var writer = new CanonicalWriter(2 + (ordered.Length * (2 + PedersenShare.Bytes)));
        writer.UInt16((ushort)ordered.Length);
        foreach ((int place, PedersenShare share) in ordered)
        {
            writer.UInt16((ushort)place);
            share.Write(writer.Reserve(PedersenShare.Bytes));
        }

        return writer.ToArray();
    }

    // The most that a good word of a kind has.
    private int GoodContentBytes(SharedKeyMessageKind kind)
    {
        const int share = sizeof(ushort) + PedersenShare.Bytes;
        return kind switch
        {
            SharedKeyMessageKind.Announce => ShareBox.PublicKeyBytes,
            SharedKeyMessageKind.Deal => (Quorum * G2Point.CompressedLength) + ShareBox.PublicKeyBytes + (Holders.Count * ShareBox.SealedBytes),
            SharedKeyMessageKind.Verdict => 1 + (ReplicaSet.Capacity / 8),
            SharedKeyMessageKind.Answer => sizeof(ushort) + (Receivers.Length * share),
            SharedKeyMessageKind.Extract => (Quorum * G2Point.CompressedLength) + ExtractionProof.Bytes,
            _ => sizeof(ushort) + (Dealers.Length * share),
        };
    }

    private static GenerationPhase PhaseOf(SharedKeyMessageKind kind) => kind switch
    {
        SharedKeyMessageKind.Announce => GenerationPhase.Announcing,
        SharedKeyMessageKind.Deal => GenerationPhase.Dealing,
        SharedKeyMessageKind.Verdict => GenerationPhase.Complaining,
        SharedKeyMessageKind.Answer => GenerationPhase.Answering,
        SharedKeyMessageKind.Extract => GenerationPhase.Extracting,
        SharedKeyMessageKind.Objection => GenerationPhase.Objecting,
        SharedKeyMessageKind.Reveal => GenerationPhase.Revealing,
        _ => GenerationPhase.Failed,
    };

    /// <summary>Reads exactly what <see cref="EncodeShares"/> wrote; null when malformed.</summary>
    internal static ImmutableSortedDictionary<int, PedersenShare>? DecodeShares(ReadOnlyMemory<byte> content)
    {
        var reader = new CanonicalReader(content);
        int count = reader.UInt16(), last = -1;
        if (reader.Failed || count > ReplicaSet.Capacity || reader.Remaining != count * (2 + PedersenShare.Bytes))
        {
            return null;
        }

        ImmutableSortedDictionary<int, PedersenShare>.Builder shares = ImmutableSortedDictionary.CreateBuilder<int, PedersenShare>();
        for (int i = 0; i < count; i++)
        {
            int place = reader.UInt16();
            if (place <= last || !PedersenShare.TryRead(reader.Raw(PedersenShare.Bytes).Span, out PedersenShare share))
            {
                return null;
            }

            shares.Add(place, share);
            last = place;
        }

        return shares.ToImmutable();
    }

    private bool IsConcerned(SharedKeyMessageKind kind, int place) => kind switch
    {
        SharedKeyMessageKind.Verdict or SharedKeyMessageKind.Objection or SharedKeyMessageKind.Reveal => _boxes[place] is not null,
        SharedKeyMessageKind.Deal => _oldHolders.Contains(new ReplicaId(place)),
        SharedKeyMessageKind.Answer => AccusersOf(place).Count > 0,
        SharedKeyMessageKind.Extract => Qualified.Contains(new ReplicaId(place)),
        _ => true,
    };

    private (byte Code, bool Changed) Refuse(bool receiver, int place, BlameReason reason) => (SharedKeyCodes.Refused, Accuse(receiver, place, reason));

    private (byte Code, bool Changed) Announce(int sender, ReadOnlyMemory<byte> content)
    {
        // Another's key is taken as well: what is sealed is bound to its receiver, and whoever copies a key from the pool must not keep its owner from announcing it.
        if (!ShareBox.IsPublicKey(content.Span))
        {
            return (SharedKeyCodes.Refused, false);
        }

        _boxes[sender] = content.ToArray();
        return (SharedKeyCodes.Ok, true);
    }

    private (byte Code, bool Changed) TakeDeal(int sender, ReadOnlyMemory<byte> content)
    {
        int commitmentBytes = Quorum * G2Point.CompressedLength, shareBytes = Holders.Count * ShareBox.SealedBytes;
        if (content.Length != commitmentBytes + ShareBox.PublicKeyBytes + shareBytes)
        {
            return Refuse(false, sender, BlameReason.MalformedDealing);
        }

        ReadOnlyMemory<byte> points = content[..commitmentBytes], ephemeral = content.Slice(commitmentBytes, ShareBox.PublicKeyBytes), shares = content[^shareBytes..];
        PedersenCommitments? hiding = IsResharing ? null : PedersenCommitments.TryRead(points.Span, Quorum, out _);
        Commitments? open = IsResharing ? Commitments.TryRead(points.Span, Quorum, out _) : null;
        if ((hiding is null && open is null) || !ShareBox.IsPublicKey(ephemeral.Span))
        {
            return Refuse(false, sender, BlameReason.MalformedDealing);
        }

        // The sharing degree check: whoever reshares deals exactly its share, so the key at 0 stays.
        if (open is not null && open.GroupKey != _old!.KeyAt(sender + 1))
        {
            return Refuse(false, sender, BlameReason.OtherSecret);
        }

        _deals[sender] = new Deal(hiding, open, ephemeral.ToArray(), shares.ToArray());
        return (SharedKeyCodes.Ok, true);
    }

    private (byte Code, bool Changed) TakeVerdict(int sender, ReadOnlyMemory<byte> content)
    {
        var reader = new CanonicalReader(content);
        ReplicaSet accused = reader.Set();
        if (!reader.Complete || accused.ToArray().Any(dealer => dealer >= _deals.Length || _deals[dealer] is null))
        {
            return (SharedKeyCodes.Refused, false);
        }

        _verdicts[sender] = accused;
        return (SharedKeyCodes.Ok, true);
    }

    private (byte Code, bool Changed) TakeAnswer(int sender, ReadOnlyMemory<byte> content)
    {
        if (DecodeShares(content) is not { } shares || !shares.Keys.SequenceEqual(AccusersOf(sender).ToArray()))
        {
            return (SharedKeyCodes.Refused, false);
        }

        foreach ((int receiver, PedersenShare share) in shares)
        {
            if (!Fits(sender, receiver, share))
            {
                return Refuse(false, sender, BlameReason.WrongAnswer);
            }
        }

        _answers[sender] = shares;
        return (SharedKeyCodes.Ok, true);
    }

    private (byte Code, bool Changed) TakeExtraction(int sender, ReadOnlyMemory<byte> content)
    {
        int points = Quorum * G2Point.CompressedLength;
        if (content.Length != points + ExtractionProof.Bytes || Commitments.TryRead(content.Span[..points], Quorum, out _) is not { } extracted)
        {
            return Refuse(false, sender, BlameReason.MalformedExtraction);
        }

        // Objections cannot replace the proof: they need every honest receiver's word in time.
        if (!ExtractionProof.Verify(content.Span[points..], ExtractionContext(sender), _deals[sender]!.Hiding!, extracted))
        {
            return Refuse(false, sender, BlameReason.WrongExtraction);
        }

        _extracted[sender] = extracted;
        return (SharedKeyCodes.Ok, true);
    }

    private (byte Code, bool Changed) TakeObjection(int sender, ReadOnlyMemory<byte> content)
    {
        if (DecodeShares(content) is not { } shares || shares.Keys.Any(dealer => dealer >= _extracted.Length || _extracted[dealer] is null))
        {
            return (SharedKeyCodes.Refused, false);
        }

        foreach ((int dealer, PedersenShare share) in shares)
        {
            if (!Fits(dealer, sender, share) || FitsExtracted(dealer, sender, share))
            {
                return Refuse(true, sender, BlameReason.FalseObjection);
            }
        }

        _objected[sender] = true;
        foreach (int dealer in shares.Keys)
        {
            _rebuilt = _rebuilt.With(new ReplicaId(dealer));
            Accuse(false, dealer, BlameReason.WrongExtraction);
        }

        return (SharedKeyCodes.Ok, true);
    }

    private (byte Code, bool Changed) TakeReveal(int sender, ReadOnlyMemory<byte> content)
    {
        if (DecodeShares(content) is not { } shares || !shares.Keys.SequenceEqual(_rebuilt.ToArray()))
        {
            return (SharedKeyCodes.Refused, false);
        }

        foreach ((int dealer, PedersenShare share) in shares)
        {
            if (!Fits(dealer, sender, share))
            {
                return Refuse(true, sender, BlameReason.WrongReveal);
            }
        }

        _reveals[sender] = shares;
        return (SharedKeyCodes.Ok, true);
    }
}
