using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Bft.Crypto.Bls12381.Curves;

/// <summary>
/// Multiplication by a secret scalar: the scalar is cut into digits of the endomorphism's eigenvalue, each digit into signed windows of four bits, and all
/// digits share the doublings (Gallant, Lambert and Vanstone 2001; Galbraith, Lin and Scott 2009).
/// </summary>
/// <remarks>Constant-time: the same additions for every scalar, each of a table entry that is chosen by reading all entries under masks.</remarks>
internal static class SecretMultiplication
{
    private const int WindowBits = 4;
    private const int TableSize = 1 << (WindowBits - 1);
    private const int MostDigits = 4;

    /// <summary>scalar·a.</summary>
    /// <param name="a">A point of the prime-order subgroup: the endomorphism has its eigenvalue only there.</param>
    /// <param name="digits">The digits, least significant first, each of <paramref name="digitBits"/> bits in little-endian words.</param>
    /// <param name="count">How many digits; at most four.</param>
    /// <param name="digitBits">Bits of a digit, a multiple of 64.</param>
    /// <param name="product">The product.</param>
    [SkipLocalsInit]
    public static void Multiply<TPoint>(in TPoint a, ReadOnlySpan<ulong> digits, int count, int digitBits, out TPoint product)
        where TPoint : unmanaged, IPointArithmetic<TPoint>
    {
        Span<TPoint> tables = stackalloc TPoint[TableSize * MostDigits];
        tables[0] = a;
        for (int i = 1; i < TableSize; i++)
        {
            if ((i & 1) == 1)
            {
                TPoint.Double(tables[i / 2], out tables[i]);
            }
            else
            {
                TPoint.Add(tables[i - 1], tables[0], out tables[i]);
            }
        }

        for (int i = TableSize; i < TableSize * count; i++)
        {
            TPoint.MultiplyByEigenvalue(tables[i - TableSize], out tables[i]);
        }

        int words = digitBits / 64;
        TPoint.SetIdentity(out TPoint result);
        for (int window = digitBits / WindowBits; window >= 0; window--)
        {
            for (int i = 0; i < WindowBits; i++)
            {
                TPoint.Double(result, out result);
            }

            for (int digit = 0; digit < count; digit++)
            {
                ReadOnlySpan<ulong> value = digits.Slice(digit * words, words);
                Select(tables.Slice(digit * TableSize, TableSize), Window(value, window), out TPoint entry);
                TPoint.Add(result, entry, out result);
            }
        }

        product = result;
        MemoryMarshal.AsBytes(tables).Clear();
    }

    /// <summary>Four bits and the one below them: Booth's digit is -8·b3 + 4·b2 + 2·b1 + b0 + below.</summary>
    private static ulong Window(ReadOnlySpan<ulong> value, int window)
    {
        int low = (window * WindowBits) - 1;
        ulong bits = 0;
        for (int i = 0; i <= WindowBits; i++)
        {
            int bit = low + i;
            if (bit >= 0 && bit < value.Length * 64)
            {
                bits |= ((value[bit / 64] >> (bit % 64)) & 1) << i;
            }
        }

        return bits;
    }

    [SkipLocalsInit]
    private static void Select<TPoint>(ReadOnlySpan<TPoint> table, ulong window, out TPoint entry)
        where TPoint : unmanaged, IPointArithmetic<TPoint>
    {
        ulong negative = 0 - (window >> WindowBits);
        // Without the sign: (w+1)/2 for the positive half, 16 less that for the negative one.
        ulong magnitude = (window + 1) >> 1;
        magnitude ^= (magnitude ^ ((1UL << WindowBits) - magnitude)) & negative;
        TPoint.SetIdentity(out entry);
        for (int i = 0; i < table.Length; i++)
        {
            TPoint.Assign(ref entry, table[i], ConstantTime.EqualMask(magnitude, (ulong)i + 1));
        }

        TPoint.NegateWhere(ref entry, negative);
    }
}
