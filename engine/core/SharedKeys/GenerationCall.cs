using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine.Encoding;

namespace Bft.Engine.SharedKeys;

/// <summary>What a generation is called for with. It starts when f+1 validators called for exactly the same.</summary>
/// <remarks>Layout: nonce (8), phase length (4), effect height (8), effect delay (4), reshared generation (32, none for a fresh key), number of receivers (2), 32 bytes each.</remarks>
/// <param name="Nonce">Tells two calls apart that are otherwise equal.</param>
/// <param name="PhaseBlocks">How many heights a phase lasts at the most, <see cref="LeastPhaseBlocks"/> of the committee to <see cref="MostPhaseBlocks"/>.</param>
/// <param name="EffectHeight">The key takes effect there at the earliest; 0 for no such wish.</param>
/// <param name="EffectAfter">The key takes effect so many heights after the one behind its end, at the earliest.</param>
/// <param name="Reshares">The generation whose key is shared anew; <see cref="Digest.None"/> for a fresh key.</param>
/// <param name="Receivers">Identity keys of those who get a share in a resharing; empty for the chain's committee.</param>
public sealed record GenerationCall(ulong Nonce, int PhaseBlocks, Height EffectHeight, int EffectAfter, Digest Reshares, ImmutableArray<ReadOnlyMemory<byte>> Receivers)
{
    /// <summary>
    /// How many heights after the one that begins a phase the first word can be in the log: that a block is committed is known with the third after it (a three-chain), and while what is said on
    /// it travels, the fourth is made.
    /// </summary>
    public const int HeightsToBeHeard = 5;

    /// <summary>How many heights in a row one leader may make, and leave words out of them (<see cref="Shared.TenureElection.TenureViews"/>).</summary>
    public const int HeightsOfALeader = 4;

    /// <summary>The longest phase.</summary>
    public const int MostPhaseBlocks = 1 << 20;

    private const int KeyBytes = 32;

    /// <summary>Whether a key is shared anew.</summary>
    public bool IsResharing => Reshares != Digest.None;

    /// <summary>The shortest phase that can work: an honest word can be in the log before it ends, also when f faulty leaders that follow each other leave it out.</summary>
    public static int LeastPhaseBlocks(Committee committee) => HeightsToBeHeard + (HeightsOfALeader * committee.FaultBound);

    /// <summary>
    /// A phase that leaves time: while dealings are executed, about n² commitments in a phase, an idle chain goes on with empty blocks. It costs something only when a member is silent. A rule of
    /// thumb, 100 heights up to n = 22 and n²/5 beyond.
    /// </summary>
    public static int SuggestedPhaseBlocks(Committee committee) => Math.Max(100, committee.Size * committee.Size / 5);

    /// <summary>The canonical form.</summary>
    public byte[] Encode()
    {
        var writer = new CanonicalWriter(64 + (Receivers.Length * KeyBytes));
        writer.UInt64(Nonce);
        writer.UInt32((uint)PhaseBlocks);
        writer.UInt64(EffectHeight.Value);
        writer.UInt32((uint)EffectAfter);
        writer.Digest(Reshares);
        writer.UInt16((ushort)Receivers.Length);
        foreach (ReadOnlyMemory<byte> receiver in Receivers)
        {
            writer.Raw(receiver.Span);
        }

        return writer.ToArray();
    }

    /// <summary>Reads exactly these bytes; null when a field is out of range or a receiver is named twice.</summary>
    public static GenerationCall? Decode(ReadOnlyMemory<byte> bytes)
    {
        var reader = new CanonicalReader(bytes);
        ulong nonce = reader.UInt64();
        uint phase = reader.UInt32();
        ulong effect = reader.Ordinal();
        uint after = reader.UInt32();
        Digest reshares = reader.Digest();
        int count = reader.UInt16();
        if (reader.Failed || reader.Remaining != count * KeyBytes || count > ReplicaSet.Capacity || phase is 0 or > MostPhaseBlocks || after > int.MaxValue)
        {
            return null;
        }

        ImmutableArray<ReadOnlyMemory<byte>>.Builder receivers = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(count);
        for (int i = 0; i < count; i++)
        {
            ReadOnlyMemory<byte> key = reader.Raw(KeyBytes);
            if (receivers.Any(other => other.Span.SequenceEqual(key.Span)))
            {
                return null;
            }

            receivers.Add(key);
        }

        // Only a resharing has receivers of its own.
        return count > 0 && reshares == Digest.None ? null : new GenerationCall(nonce, (int)phase, new Height(effect), (int)after, reshares, receivers.MoveToImmutable());
    }
}
