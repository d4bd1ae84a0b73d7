using System.Security.Cryptography;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Signatures;
using Bft.Crypto.Threshold;
using Bft.Engine.Encoding;

namespace Bft.Engine.SharedKeys;

/// <summary>
/// An honest member's part in a generation: what it has to say next, as a function of the ordered log, its identity and one secret seed. So it says the same again after a crash, if the seed
/// was durable before it said anything.
/// </summary>
/// <param name="chain">The chain.</param>
/// <param name="identity">The member's identity key.</param>
public sealed class GenerationParticipant(Chain chain, ISigner identity)
{
    /// <summary>Length of the seed.</summary>
    public const int SeedBytes = 32;

    /// <summary>The command to submit now; null when there is nothing to say in this phase.</summary>
    /// <param name="generation">The generation.</param>
    /// <param name="seed">32 secret, uniform bytes, for this generation only.</param>
    /// <param name="oldShare">In a resharing the share that is held; null when none is.</param>
    public byte[]? Next(Generation generation, ReadOnlySpan<byte> seed, Scalar? oldShare = null)
    {
        // Whoever lost the share that it should deal anew, deals nothing and answers nothing.
        if (!Owes(generation) || WordOf(generation) is not var (kind, place) || (IsDealers(kind) && generation.Call.IsResharing && oldShare is null))
        {
            return null;
        }

        return Say(generation, kind, place, kind switch
        {
            SharedKeyMessageKind.Announce => Box(seed),
            SharedKeyMessageKind.Deal => Deal(generation, place, seed, oldShare),
            SharedKeyMessageKind.Verdict => Verdict(generation, place, seed),
            SharedKeyMessageKind.Answer => Answer(generation, place, seed, oldShare),
            SharedKeyMessageKind.Extract => Extract(generation, place, seed),
            SharedKeyMessageKind.Objection => Object(generation, place, seed),
            _ => Reveal(generation, place, seed),
        });
    }

    /// <summary>Whether the log still lacks this member's word of the phase: until then it may have been lost, and is said again.</summary>
    public bool Owes(Generation generation) => WordOf(generation) is var (kind, place) && place >= 0 && !generation.HasSpoken(kind, place);

    /// <summary>A command that says nothing, so that a height comes by.</summary>
    /// <param name="generation">The generation that waits.</param>
    /// <param name="height">The last height, which tells ticks apart.</param>
    public byte[] Tick(Generation generation, Height height) =>
        Say(generation, SharedKeyMessageKind.Tick, Math.Max(0, PlaceOf(generation.Dealers)), BitConverter.GetBytes(height.Value));

    /// <summary>A call for a generation, by the validator at that place of genesis.</summary>
    /// <param name="validator">The place.</param>
    /// <param name="call">What for.</param>
    /// <param name="after">The generation that ended last, none when none did: once another ended, the call is void and cannot be said again by others.</param>
    public byte[] Call(int validator, GenerationCall call, Crypto.Digest after) => SharedKeyMessage.Sign(chain, identity, SharedKeyMessageKind.Call, after, validator, call.Encode());

    /// <summary>The finished share of this member, from what the state keeps of the last key: also long after the generation ended, and from a snapshot.</summary>
    /// <param name="outcome">The key.</param>
    /// <param name="dealt">What was dealt for it.</param>
    /// <param name="seed">The seed of that generation; empty when it is not here.</param>
    /// <param name="missing">Why there is none.</param>
    /// <returns>Null when this member has no share.</returns>
    public Scalar? FinalShare(SharedKeyOutcome outcome, DealtShares dealt, ReadOnlySpan<byte> seed, out MissingShare missing)
    {
        int receiver = PlaceOf(outcome.Receivers);
        missing = receiver < 0 ? MissingShare.NoReceiver
            : !outcome.Holders.Contains(new ReplicaId(receiver)) ? MissingShare.NotAnnounced
            : seed.IsEmpty ? MissingShare.NoSeed
            : MissingShare.None;
        if (missing != MissingShare.None)
        {
            return null;
        }

        Scalar[] weights = dealt.Weights(outcome.Reshares != Crypto.Digest.None);
        Scalar sum = Scalar.Zero;
        using var box = ShareBox.ToReceive(seed);
        for (int i = 0; i < weights.Length; i++)
        {
            DealtBy dealer = dealt.Dealers[i];
            if (!dealer.Answered.TryGetValue(receiver, out PedersenShare share) &&
                !box.TryOpen(dealer.Ephemeral.Span, Generation.SealContext(chain, outcome.Generation, dealer.Place, receiver), dealer.SealedFor(receiver, outcome.Holders).Span, out share))
            {
                missing = MissingShare.DoesNotFit;
                return null;
            }

            sum += weights[i] * share.Value;
        }

        // That the sum is the share the key was made with is all that counts; each part was checked when it was dealt, by whoever was there.
        missing = outcome.Commitments!.Check(receiver + 1, sum) == SharingRefusal.None ? MissingShare.None : MissingShare.DoesNotFit;
        return missing == MissingShare.None ? sum : null;
    }

    private static bool IsDealers(SharedKeyMessageKind kind) => kind is SharedKeyMessageKind.Deal or SharedKeyMessageKind.Answer or SharedKeyMessageKind.Extract;

    // What this member has to say in the phase, and in which place; null in a phase without words.
    private (SharedKeyMessageKind Kind, int Place)? WordOf(Generation generation)
    {
        SharedKeyMessageKind? word = generation.Phase switch
        {
            GenerationPhase.Announcing => SharedKeyMessageKind.Announce,
            GenerationPhase.Dealing => SharedKeyMessageKind.Deal,
            GenerationPhase.Complaining => SharedKeyMessageKind.Verdict,
            GenerationPhase.Answering => SharedKeyMessageKind.Answer,
            GenerationPhase.Extracting => SharedKeyMessageKind.Extract,
            GenerationPhase.Objecting => SharedKeyMessageKind.Objection,
            GenerationPhase.Revealing => SharedKeyMessageKind.Reveal,
            _ => null,
        };
        return word is { } kind ? (kind, PlaceOf(IsDealers(kind) ? generation.Dealers : generation.Receivers)) : null;
    }

    private static byte[] Box(ReadOnlySpan<byte> seed)
    {
        using var box = ShareBox.ToReceive(seed);
        return box.PublicKey.ToArray();
    }

    // Commitments, ephemeral key and shares follow from the seed and from the announced keys, which are fixed when dealing begins.
    private static byte[] Deal(Generation generation, int dealer, ReadOnlySpan<byte> seed, Scalar? oldShare)
    {
        using SeededDealing dealing = DealingOf(generation, seed, oldShare);
        using var ephemeral = ShareBox.ToSeal(seed);
        var writer = new CanonicalWriter(1024);
        writer.Raw(generation.Call.IsResharing ? dealing.Commit().ToBytes() : dealing.CommitHiding().Encode());
        writer.Raw(ephemeral.PublicKey.Span);
        foreach (int receiver in generation.Holders.ToArray())
        {
            writer.Raw(ephemeral.Seal(generation.BoxOf(receiver)!.Value.Span, generation.SealContext(dealer, receiver), dealing.At(receiver + 1)));
        }

        return writer.ToArray();
    }

    private static SeededDealing DealingOf(Generation generation, ReadOnlySpan<byte> seed, Scalar? oldShare) => generation.Call.IsResharing
        ? SeededDealing.OfShare(seed, generation.ReceiverCommittee.QuorumSize, oldShare!.Value)
        : SeededDealing.OfFreshSecret(seed, generation.ReceiverCommittee.QuorumSize);

    private static byte[] Verdict(Generation generation, int receiver, ReadOnlySpan<byte> seed)
    {
        ReplicaSet accused = ReplicaSet.Empty;
        for (int dealer = 0; dealer < generation.Dealers.Length; dealer++)
        {
            if (generation.SealedShare(dealer, receiver) is not null && ShareFrom(generation, dealer, receiver, seed) is null)
            {
                accused = accused.With(new ReplicaId(dealer));
            }
        }

        var writer = new CanonicalWriter(72);
        writer.Set(accused);
        return writer.ToArray();
    }

    private static byte[] Answer(Generation generation, int dealer, ReadOnlySpan<byte> seed, Scalar? oldShare)
    {
        using SeededDealing dealing = DealingOf(generation, seed, oldShare);
        return Generation.EncodeShares([.. generation.AccusersOf(dealer).ToArray().Select(receiver => (receiver, dealing.At(receiver + 1)))]);
    }

    private static byte[] Extract(Generation generation, int dealer, ReadOnlySpan<byte> seed)
    {
        using SeededDealing dealing = DealingOf(generation, seed, null);
        return [.. dealing.Commit().ToBytes(), .. dealing.ProveExtraction(seed, generation.ExtractionContext(dealer))];
    }

    private static byte[] Object(Generation generation, int receiver, ReadOnlySpan<byte> seed)
    {
        var proofs = new List<(int, PedersenShare)>();
        foreach (int dealer in generation.Qualified.ToArray())
        {
            if (ShareFrom(generation, dealer, receiver, seed) is { } share && !generation.FitsExtracted(dealer, receiver, share))
            {
                proofs.Add((dealer, share));
            }
        }

        return Generation.EncodeShares(proofs);
    }

    private static byte[] Reveal(Generation generation, int receiver, ReadOnlySpan<byte> seed)
    {
        var shares = new List<(int, PedersenShare)>();
        foreach (int dealer in generation.Rebuilt.ToArray())
        {
            if (ShareFrom(generation, dealer, receiver, seed) is { } share)
            {
                shares.Add((dealer, share));
            }
        }

        return Generation.EncodeShares(shares);
    }

    // What the dealer had to reveal counts, else what it sealed; null when neither fits.
    private static PedersenShare? ShareFrom(Generation generation, int dealer, int receiver, ReadOnlySpan<byte> seed)
    {
        if (generation.AnsweredShare(dealer, receiver) is { } answered)
        {
            return answered;
        }

        if (generation.SealedShare(dealer, receiver) is not var (ephemeral, sealedShare))
        {
            return null;
        }

        using var box = ShareBox.ToReceive(seed);
        return box.TryOpen(ephemeral.Span, generation.SealContext(dealer, receiver), sealedShare.Span, out PedersenShare share) && generation.Fits(dealer, receiver, share) ? share : null;
    }

    private byte[] Say(Generation generation, SharedKeyMessageKind kind, int place, ReadOnlySpan<byte> content) =>
        SharedKeyMessage.Sign(chain, identity, kind, generation.Id, place, content);

    private int PlaceOf(IReadOnlyList<ReadOnlyMemory<byte>> members)
    {
        for (int i = 0; i < members.Count; i++)
        {
            if (CryptographicOperations.FixedTimeEquals(members[i].Span, identity.PublicKey.Span))
            {
                return i;
            }
        }

        return -1;
    }
}
