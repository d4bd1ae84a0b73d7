using System.Buffers.Binary;
using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Bft.Crypto;

/// <summary>
/// The SHA-256 compression function (FIPS 180-4 §6.2.2) over all lanes of <typeparamref name="TVector"/> at once, and what is constant about it.
/// </summary>
/// <remarks>
/// When the last block of every message is the same (a suffix and padding known beforehand), its message schedule is the same too: it is expanded
/// once, with the round constants already added (<see cref="Sha256Schedule.Expand"/>), and such a block costs half.
/// The two absorbing methods are never inlined: alone, their working variables live in registers; inside a caller the compiler lost track
/// of them and was seen to be ten times slower.
/// </remarks>
internal static class Sha256Compression<TVector>
    where TVector : unmanaged, ILaneVector<TVector>
{
    /// <summary>H(0) of FIPS 180-4 §5.3.3 in every lane.</summary>
    public static void Begin(Span<TVector> state)
    {
        for (int i = 0; i < Sha256Schedule.StateWords; i++)
        {
            state[i] = TVector.Broadcast(Sha256Schedule.InitialState[i]);
        }
    }

    /// <summary>Absorbs one block. <paramref name="words"/>: the 16 words of the block in front, room for 64.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Absorb(Span<TVector> state, Span<TVector> words)
    {
        words = words[..Sha256Schedule.Rounds];
        for (int t = Sha256Schedule.BlockWords; t < words.Length; t++)
        {
            TVector old = words[t - 15];
            TVector recent = words[t - 2];
            TVector sigma0 = TVector.Xor(TVector.RotateRight(old, 7), TVector.RotateRight(old, 18), TVector.ShiftRight(old, 3));
            TVector sigma1 = TVector.Xor(TVector.RotateRight(recent, 17), TVector.RotateRight(recent, 19), TVector.ShiftRight(recent, 10));
            words[t] = sigma1 + words[t - 7] + sigma0 + words[t - 16];
        }

        RunRounds<VaryingBlock>(state, words, Sha256Schedule.RoundConstants);
    }

    /// <summary>Absorbs a block that is the same in every lane, from its 64 schedule words with the round constants added.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void AbsorbConstant(Span<TVector> state, ReadOnlySpan<uint> schedule) => RunRounds<ConstantBlock>(state, default, schedule);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RunRounds<TBlock>(Span<TVector> state, Span<TVector> words, ReadOnlySpan<uint> constants)
        where TBlock : struct, IBlock
    {
        TVector a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];

        // Eight rounds a turn: after eight the variables are back in their places, so that none has to be moved.
        for (int t = 0; t < Sha256Schedule.Rounds; t += 8)
        {
            h = First(e, f, g, h, TBlock.Input(words, constants, t));
            d += h;
            h += Second(a, b, c);
            g = First(d, e, f, g, TBlock.Input(words, constants, t + 1));
            c += g;
            g += Second(h, a, b);
            f = First(c, d, e, f, TBlock.Input(words, constants, t + 2));
            b += f;
            f += Second(g, h, a);
            e = First(b, c, d, e, TBlock.Input(words, constants, t + 3));
            a += e;
            e += Second(f, g, h);
            d = First(a, b, c, d, TBlock.Input(words, constants, t + 4));
            h += d;
            d += Second(e, f, g);
            c = First(h, a, b, c, TBlock.Input(words, constants, t + 5));
            g += c;
            c += Second(d, e, f);
            b = First(g, h, a, b, TBlock.Input(words, constants, t + 6));
            f += b;
            b += Second(c, d, e);
            a = First(f, g, h, a, TBlock.Input(words, constants, t + 7));
            e += a;
            a += Second(b, c, d);
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }

    /// <summary>T1 of the standard.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector First(TVector e, TVector f, TVector g, TVector h, TVector input) =>
        h + input + TVector.Choose(e, f, g) + TVector.Xor(TVector.RotateRight(e, 6), TVector.RotateRight(e, 11), TVector.RotateRight(e, 25));

    /// <summary>T2 of the standard.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Second(TVector a, TVector b, TVector c) =>
        TVector.Majority(a, b, c) + TVector.Xor(TVector.RotateRight(a, 2), TVector.RotateRight(a, 13), TVector.RotateRight(a, 22));

    /// <summary>K_t + W_t of a round, however the block provides it.</summary>
    private interface IBlock
    {
        static abstract TVector Input(Span<TVector> words, ReadOnlySpan<uint> constants, int round);
    }

    private readonly struct VaryingBlock : IBlock
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Input(Span<TVector> words, ReadOnlySpan<uint> constants, int round) =>
            words[round] + TVector.Broadcast(constants[round]);
    }

    private readonly struct ConstantBlock : IBlock
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Input(Span<TVector> words, ReadOnlySpan<uint> constants, int round) => TVector.Broadcast(constants[round]);
    }
}

/// <summary>The constants of FIPS 180-4 and the schedule of a last block that is the same for many messages.</summary>
internal static class Sha256Schedule
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = 64;

    /// <summary>Words of a block.</summary>
    public const int BlockWords = 16;

    /// <summary>Words of the chaining state.</summary>
    public const int StateWords = 8;

    /// <summary>Rounds of a compression, and words of a schedule.</summary>
    public const int Rounds = 64;

    /// <summary>The most bytes of a message that fit in its last block: 64 less the 0x80 byte and the 8 bytes of length.</summary>
    public const int MaximumTailBytes = BlockBytes - 9;

    /// <summary>H(0), FIPS 180-4 §5.3.3.</summary>
    public static ReadOnlySpan<uint> InitialState =>
    [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ];

    /// <summary>K, FIPS 180-4 §4.2.2.</summary>
    public static ReadOnlySpan<uint> RoundConstants =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <summary>
    /// The 64 words K_t + W_t of the last block of a message: <paramref name="tail"/> (the message from its last multiple of 64 bytes on,
    /// at most <see cref="MaximumTailBytes"/> bytes) and the padding for <paramref name="messageLength"/> bytes in all.
    /// </summary>
    public static void Expand(ReadOnlySpan<byte> tail, int messageLength, Span<uint> schedule)
    {
        Debug.Assert(tail.Length <= MaximumTailBytes && messageLength % BlockBytes == tail.Length);
        Span<byte> block = stackalloc byte[BlockBytes];
        block.Clear();
        tail.CopyTo(block);
        block[tail.Length] = 0x80;
        BinaryPrimitives.WriteUInt64BigEndian(block[^8..], 8UL * (uint)messageLength);
        for (int t = 0; t < BlockWords; t++)
        {
            schedule[t] = BinaryPrimitives.ReadUInt32BigEndian(block[(4 * t)..]);
        }

        for (int t = BlockWords; t < Rounds; t++)
        {
            uint old = schedule[t - 15];
            uint recent = schedule[t - 2];
            uint sigma0 = BitOperations.RotateRight(old, 7) ^ BitOperations.RotateRight(old, 18) ^ (old >> 3);
            uint sigma1 = BitOperations.RotateRight(recent, 17) ^ BitOperations.RotateRight(recent, 19) ^ (recent >> 10);
            schedule[t] = sigma1 + schedule[t - 7] + sigma0 + schedule[t - 16];
        }

        for (int t = 0; t < Rounds; t++)
        {
            schedule[t] += RoundConstants[t];
        }
    }
}
