using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Bft.Crypto;

/// <summary>How many SHA-256 computations run side by side in one register.</summary>
public enum Sha256LaneWidth
{
    /// <summary>One message at a time through <see cref="SHA256.HashData(ReadOnlySpan{byte}, Span{byte})"/>.</summary>
    Scalar = 1,

    /// <summary>Eight messages: AVX2.</summary>
    Eight = 8,

    /// <summary>Sixteen messages: AVX-512F.</summary>
    Sixteen = 16,
}

/// <summary>
/// Plain SHA-256 (FIPS 180-4) of many independent messages of one length at once, each lane of a vector register working on its own message.
/// Stateless, thread-safe, allocates nothing.
/// </summary>
/// <remarks>
/// For short messages a call into the platform's library costs several times the hashing itself. The digests are those of
/// <see cref="SHA256.HashData(ReadOnlySpan{byte}, Span{byte})"/> bit for bit, whatever the width: replicas on different processors agree.
/// </remarks>
public static class Sha256Lanes
{
    /// <summary>The widest path this processor runs in hardware, after it was seen to give the platform's digests.</summary>
    /// <exception cref="TypeInitializationException">
    /// It does not: one replica with other digests would fork the state, so it does not start. See the inner <see cref="PlatformNotSupportedException"/>.
    /// </exception>
    public static Sha256LaneWidth Widest { get; } = Checked(
        Vector512.IsHardwareAccelerated ? Sha256LaneWidth.Sixteen
        : Vector256.IsHardwareAccelerated ? Sha256LaneWidth.Eight
        : Sha256LaneWidth.Scalar);

    /// <summary>Hashes messages of <paramref name="messageLength"/> bytes that lie one after the other, by the widest path.</summary>
    /// <param name="messages">As many messages as there are <paramref name="digests"/>, without gaps.</param>
    /// <param name="messageLength">Bytes of each message; may be zero.</param>
    /// <param name="digests">Receives one digest a message; must not overlap the messages.</param>
    /// <exception cref="ArgumentException"><paramref name="messages"/> is not exactly as long as the other two arguments say.</exception>
    public static void Hash(ReadOnlySpan<byte> messages, int messageLength, Span<Digest> digests) =>
        Hash(Widest, messages, messageLength, digests);

    /// <inheritdoc cref="Hash(ReadOnlySpan{byte}, int, Span{Digest})"/>
    /// <param name="width">The path to take. A path without hardware behind it gives the same digests, slowly.</param>
    /// <param name="messages">As many messages as there are <paramref name="digests"/>, without gaps.</param>
    /// <param name="messageLength">Bytes of each message; may be zero.</param>
    /// <param name="digests">Receives one digest a message; must not overlap the messages.</param>
    public static void Hash(Sha256LaneWidth width, ReadOnlySpan<byte> messages, int messageLength, Span<Digest> digests)
    {
        if (messageLength < 0 || messages.Length != (long)messageLength * digests.Length)
        {
            throw new ArgumentException(
                $"{digests.Length} messages of {messageLength} bytes cannot lie in {messages.Length} bytes.", nameof(messages));
        }

        Span<uint> tail = stackalloc uint[Sha256Schedule.Rounds];
        int blocks = (messageLength + 9 + Sha256Schedule.BlockBytes - 1) / Sha256Schedule.BlockBytes;
        if (messageLength % Sha256Schedule.BlockBytes == 0)
        {
            // The last block holds nothing but padding.
            Sha256Schedule.Expand([], messageLength, tail);
            blocks--;
        }
        else
        {
            tail = [];
        }

        Run(width, new ByteMessages(messages, messageLength), digests.Length, blocks, tail, digests);
    }

    /// <summary>Hashes <paramref name="count"/> messages by the given width.</summary>
    /// <param name="width">The path to take.</param>
    /// <param name="messages">Where the messages are.</param>
    /// <param name="count">How many.</param>
    /// <param name="blocks">How many blocks each message has, less the last when that is constant.</param>
    /// <param name="tailSchedule">64 words of <see cref="Sha256Schedule.Expand"/> when the last block is the same for all, else empty.</param>
    /// <param name="digests">Receives the digests in the order of the messages.</param>
    internal static void Run<TMessages>(
        Sha256LaneWidth width, TMessages messages, int count, int blocks, ReadOnlySpan<uint> tailSchedule, Span<Digest> digests)
        where TMessages : ILaneMessages, allows ref struct
    {
        switch (width)
        {
            case Sha256LaneWidth.Sixteen:
                RunLanes<SixteenLanes, TMessages>(messages, count, blocks, tailSchedule, digests);
                break;
            case Sha256LaneWidth.Eight:
                RunLanes<EightLanes, TMessages>(messages, count, blocks, tailSchedule, digests);
                break;
            case Sha256LaneWidth.Scalar:
                for (int i = 0; i < count; i++)
                {
                    digests[i] = messages.HashAlone(i);
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(width), width, "Not a lane width.");
        }
    }

    /// <summary>Known answers before the first use: one full vector, one that is partly filled and messages alone, with and without a constant last block.</summary>
    private static Sha256LaneWidth Checked(Sha256LaneWidth width)
    {
        const int Messages = 24;
        Span<byte> bytes = stackalloc byte[Messages * (Sha256Schedule.BlockBytes + 1)];
        Span<Digest> digests = stackalloc Digest[Messages];
        Span<Digest> single = stackalloc Digest[1];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)((i * 167) + (i >> 8));
        }

        foreach (int length in (ReadOnlySpan<int>)[Sha256Schedule.BlockBytes, Sha256Schedule.BlockBytes + 1])
        {
            ReadOnlySpan<byte> messages = bytes[..(Messages * length)];
            Hash(width, messages, length, digests);
            var alone = new ByteMessages(messages, length);
            for (int i = 0; i < Messages; i++)
            {
                Hash(width, messages.Slice(i * length, length), length, single);
                if (digests[i] != alone.HashAlone(i) || single[0] != digests[i])
                {
                    throw new PlatformNotSupportedException(
                        $"SHA-256 over {(int)width} lanes differs from the platform's library on this processor; "
                        + "switch the instruction set off for this process: DOTNET_EnableAVX512=0 for 16 lanes, DOTNET_EnableAVX2=0 for 8.");
                }
            }
        }

        return width;
    }

    private static void RunLanes<TVector, TMessages>(
        TMessages messages, int count, int blocks, ReadOnlySpan<uint> tailSchedule, Span<Digest> digests)
        where TVector : unmanaged, ILaneVector<TVector>
        where TMessages : ILaneMessages, allows ref struct
    {
        Span<TVector> words = stackalloc TVector[Sha256Schedule.Rounds];
        Span<TVector> state = stackalloc TVector[Sha256Schedule.StateWords];
        for (int first = 0; first < count; first += TVector.Lanes)
        {
            int used = Math.Min(TVector.Lanes, count - first);
            if (!LanesPay(used, TVector.Lanes, Blocks(blocks, tailSchedule)))
            {
                for (int i = first; i < first + used; i++)
                {
                    HashOne(messages, i, blocks, tailSchedule, digests);
                }

                continue;
            }

            Sha256Compression<TVector>.Begin(state);
            for (int block = 0; block < blocks; block++)
            {
                // Lanes beyond the last message hash whatever is there; nobody reads them.
                for (int lane = 0; lane < used; lane++)
                {
                    messages.Load(first + lane, block, MemoryMarshal.Cast<TVector, uint>(words)[lane..], TVector.Lanes);
                }

                Sha256Compression<TVector>.Absorb(state, words);
            }

            if (!tailSchedule.IsEmpty)
            {
                Sha256Compression<TVector>.AbsorbConstant(state, tailSchedule);
            }

            Extract(state, digests.Slice(first, used));
        }
    }

    private static int Blocks(int blocks, ReadOnlySpan<uint> tailSchedule) => tailSchedule.IsEmpty ? blocks : blocks + 1;

    /// <summary>
    /// Whether a vector that is only partly used beats hashing its messages one by one. In units of one compression by the platform's library
    /// (some 60 ns): a vector costs about three quarters of its width a block.
    /// </summary>
    private static bool LanesPay(int used, int lanes, int blocks) => used * CostAlone(blocks) > blocks * lanes * 3 / 4;

    // A call of the platform's library costs about 7 units beside its blocks, a block in an ordinary register about 3.
    private static int CostAlone(int blocks) => Math.Min(7 + blocks, 3 * blocks);

    private static void HashOne<TMessages>(TMessages messages, int message, int blocks, ReadOnlySpan<uint> tailSchedule, Span<Digest> digests)
        where TMessages : ILaneMessages, allows ref struct
    {
        int all = Blocks(blocks, tailSchedule);
        if (7 + all < 3 * all)
        {
            digests[message] = messages.HashAlone(message);
            return;
        }

        Span<OneLane> words = stackalloc OneLane[Sha256Schedule.Rounds];
        Span<OneLane> state = stackalloc OneLane[Sha256Schedule.StateWords];
        Sha256Compression<OneLane>.Begin(state);
        for (int block = 0; block < blocks; block++)
        {
            messages.Load(message, block, MemoryMarshal.Cast<OneLane, uint>(words), 1);
            Sha256Compression<OneLane>.Absorb(state, words);
        }

        if (!tailSchedule.IsEmpty)
        {
            Sha256Compression<OneLane>.AbsorbConstant(state, tailSchedule);
        }

        Extract(state, digests.Slice(message, 1));
    }

    private static void Extract<TVector>(Span<TVector> state, Span<Digest> digests)
        where TVector : unmanaged, ILaneVector<TVector>
    {
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<TVector, uint>(state);
        Span<ulong> halves = MemoryMarshal.Cast<Digest, ulong>(digests);
        int lanes = TVector.Lanes;
        for (int i = 0; i < halves.Length; i++)
        {
            int lane = i >> 2;
            int word = 2 * (i & 3);
            halves[i] = ((ulong)words[(word * lanes) + lane] << 32) | words[((word + 1) * lanes) + lane];
        }
    }

    private readonly ref struct ByteMessages(ReadOnlySpan<byte> messages, int length) : ILaneMessages
    {
        private readonly ReadOnlySpan<byte> _messages = messages;

        public void Load(int message, int block, scoped Span<uint> column, int stride)
        {
            ReadOnlySpan<byte> bytes = _messages.Slice(message * length, length);
            int offset = block * Sha256Schedule.BlockBytes;
            if (offset + Sha256Schedule.BlockBytes <= length)
            {
                LoadBytes(bytes.Slice(offset, Sha256Schedule.BlockBytes), column, stride);
                return;
            }

            Span<byte> padded = stackalloc byte[Sha256Schedule.BlockBytes];
            padded.Clear();
            if (offset <= length)
            {
                bytes[offset..].CopyTo(padded);
                padded[length - offset] = 0x80;
            }

            if (offset + Sha256Schedule.MaximumTailBytes >= length)
            {
                BinaryPrimitives.WriteUInt64BigEndian(padded[^8..], 8UL * (uint)length);
            }

            LoadBytes(padded, column, stride);
        }

        public Digest HashAlone(int message)
        {
            Span<byte> digest = stackalloc byte[Digest.Size];
            SHA256.HashData(_messages.Slice(message * length, length), digest);
            return new Digest(digest);
        }

        private static void LoadBytes(ReadOnlySpan<byte> block, Span<uint> column, int stride)
        {
            ref uint target = ref ILaneMessages.Column(column, stride);
            for (int word = 0; word < Sha256Schedule.BlockWords; word++)
            {
                Unsafe.Add(ref target, word * stride) = BinaryPrimitives.ReadUInt32BigEndian(block[(4 * word)..]);
            }
        }
    }
}

/// <summary>Where a batch of messages with equally many blocks comes from.</summary>
internal interface ILaneMessages
{
    /// <summary>Writes the 16 words of a block of a message, <paramref name="stride"/> apart, the first at index 0.</summary>
    void Load(int message, int block, scoped Span<uint> column, int stride);

    /// <summary>The digest of one message through the platform's library.</summary>
    Digest HashAlone(int message);

    /// <summary>Writes the block that two digests fill, as <see cref="Load"/> wants it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void LoadPair(ReadOnlySpan<Digest> pair, Span<uint> column, int stride)
    {
        // A digest keeps its 64-bit groups as numbers, so that no bytes have to be turned round.
        ReadOnlySpan<ulong> groups = MemoryMarshal.Cast<Digest, ulong>(pair)[..(Sha256Schedule.BlockWords / 2)];
        ref uint target = ref Column(column, stride);
        for (int i = 0; i < groups.Length; i++)
        {
            Unsafe.Add(ref target, 2 * i * stride) = (uint)(groups[i] >> 32);
            Unsafe.Add(ref target, ((2 * i) + 1) * stride) = (uint)groups[i];
        }
    }

    /// <summary>The first of 16 words <paramref name="stride"/> apart, after one check that all of them are there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ref uint Column(Span<uint> column, int stride)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((Sha256Schedule.BlockWords - 1) * stride, column.Length - 1);
        return ref MemoryMarshal.GetReference(column);
    }
}
