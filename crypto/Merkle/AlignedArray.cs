using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Bft.Crypto.Merkle;

/// <summary>
/// An array of digests or entries whose first element begins a cache line, so that two children or one entry (64 bytes) lie in one line and not
/// in two: at a million keys a commit waits for memory as long as it hashes. The memory is the collector's, and does not move. A short array lies in the cache as a whole,
/// wherever it begins: it is an ordinary one.
/// </summary>
/// <typeparam name="T">A type without references, of a size that divides or is a multiple of 64 bytes.</typeparam>
internal sealed class AlignedArray<T>
    where T : unmanaged
{
    private const int LineBytes = 64;

    /// <summary>From so many bytes on the array is aligned, and pinned to stay so.</summary>
    private const int AlignedFromBytes = 64 << 10;

    private readonly ulong[] _storage;
    private readonly int _start;
    private readonly int _length;

    /// <summary>An array of that many elements, all zero.</summary>
    public AlignedArray(int length)
    {
        long words = (long)length * Unsafe.SizeOf<T>() / sizeof(ulong);
        _length = length;
        if (words * sizeof(ulong) < AlignedFromBytes)
        {
            _storage = new ulong[words];
            return;
        }

        _storage = GC.AllocateArray<ulong>(checked((int)words + (LineBytes / sizeof(ulong))), pinned: true);
        _start = WordsToNextLine(_storage);
    }

    /// <summary>Elements.</summary>
    public int Length => _length;

    /// <summary>All elements.</summary>
    public Span<T> Span
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => MemoryMarshal.CreateSpan(ref Unsafe.As<ulong, T>(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_storage), _start)), _length);
    }

    private static unsafe int WordsToNextLine(ulong[] pinned)
    {
        // Sound because the array is on the pinned heap: the address stays.
        nuint address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));
        return (int)((LineBytes - (address % LineBytes)) % LineBytes / sizeof(ulong));
    }
}

/// <summary>Asks the processor for memory it will need soon.</summary>
internal static class Prefetch
{
    /// <summary>How many elements ahead a loop asks: enough to cover a trip to memory, few enough to be still there when the loop comes.</summary>
    public const int Distance = 12;

    /// <summary>Begins to load the cache line of <paramref name="target"/>; a hint without any other effect, and nothing where there is no such instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Line<T>(ref readonly T target)
        where T : unmanaged
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.AsRef(in target)));
        }
    }
}
