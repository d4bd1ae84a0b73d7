using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Bft.Crypto.Bls12381.Fields;

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
    /// <param name="digits">The digits, least significant first, each of <see cref="ICurve{TField, TCurve}.DigitBits"/> bits in little-endian words.</param>
    /// <param name="product">The product.</param>
    [SkipLocalsInit]
    public static void Multiply<TField, TCurve>(
        in Projective<TField, TCurve> a, ReadOnlySpan<ulong> digits, out Projective<TField, TCurve> product)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
    {
        Span<Projective<TField, TCurve>> tables = stackalloc Projective<TField, TCurve>[TableSize * MostDigits];
        tables[0] = a;
        for (int i = 1; i < TableSize; i++)
        {
            if ((i & 1) == 1)
            {
                Projective<TField, TCurve>.Double(tables[i / 2], out tables[i]);
            }
            else
            {
                Projective<TField, TCurve>.Add(tables[i - 1], a, out tables[i]);
            }
        }

        for (int i = TableSize; i < TableSize * TCurve.Digits; i++)
        {
            TCurve.MultiplyByEigenvalue(tables[i - TableSize], out tables[i]);
        }

        int words = TCurve.DigitBits / 64;
        var result = Projective<TField, TCurve>.Identity;
        for (int window = TCurve.DigitBits / WindowBits; window >= 0; window--)
        {
            for (int i = 0; i < WindowBits; i++)
            {
                Projective<TField, TCurve>.Double(result, out result);
            }

            for (int digit = 0; digit < TCurve.Digits; digit++)
            {
                ReadOnlySpan<ulong> value = digits.Slice(digit * words, words);
                Select(tables.Slice(digit * TableSize, TableSize), Window(value, window), out Projective<TField, TCurve> entry);
                Projective<TField, TCurve>.Add(result, entry, out result);
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
    private static void Select<TField, TCurve>(
        ReadOnlySpan<Projective<TField, TCurve>> table, ulong window, out Projective<TField, TCurve> entry)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
    {
        ulong negative = 0 - (window >> WindowBits);
        // Without the sign: (w+1)/2 for the positive half, 16 less that for the negative one.
        ulong magnitude = (window + 1) >> 1;
        magnitude ^= (magnitude ^ ((1UL << WindowBits) - magnitude)) & negative;
        Projective<TField, TCurve> chosen = Projective<TField, TCurve>.Identity;
        for (int i = 0; i < table.Length; i++)
        {
            Projective<TField, TCurve>.Assign(ref chosen, table[i], ConstantTime.EqualMask(magnitude, (ulong)i + 1));
        }

        TField.Negate(chosen.Y, out TField y);
        TField.Reduce(y, out y);
        TField.Assign(ref chosen.Y, y, negative);
        entry = chosen;
    }
}
