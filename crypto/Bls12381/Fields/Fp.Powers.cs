using System.Runtime.CompilerServices;
using Bft.Crypto.Bls12381.Lanes;

namespace Bft.Crypto.Bls12381.Fields;

/// <summary>Powers by fixed public exponents: square roots. The course of each depends on the exponent only.</summary>
internal partial struct Fp
{
    /// <summary>
    /// a^((p-3)/4), from which a root and its inverse both follow as p = 3 mod 4: with the result c, a·c is a root of a if a is a square, else of -a;
    /// c is the inverse of the former, minus the inverse of the latter.
    /// </summary>
    public static void RaiseForRoot(in Fp a, out Fp power) => FieldConstants.PMinusThreeOverFour.Raise(a, out power);

    /// <summary>How many elements <see cref="RaiseForRoots"/> takes together.</summary>
    public const int MostTogether = 4;

    /// <summary>The same for up to four elements, in place: side by side where the processor can, at little more than the cost of one.</summary>
    [SkipLocalsInit]
    public static void RaiseForRoots(Span<Fp> elements)
    {
        if (elements.Length > 1 && FpLanes.IsSupported)
        {
            int last = elements.Length - 1;
            FpLanes.Join(elements[0], elements[1], elements[Math.Min(2, last)], elements[Math.Min(3, last)], out FpLanes lanes);
            FieldConstants.PMinusThreeOverFour.Raise(lanes, out lanes);
            for (int i = 0; i < elements.Length; i++)
            {
                FpLanes.Take(lanes, i, out elements[i]);
            }

            return;
        }

        foreach (ref Fp element in elements)
        {
            RaiseForRoot(element, out element);
        }
    }

    /// <summary>A square root of <paramref name="a"/>; the mask is all ones if there is one, else 0 and the root is of -a.</summary>
    public static ulong SquareRoot(in Fp a, out Fp root)
    {
        RaiseForRoot(a, out Fp power);
        return RootOfPower(a, power, out root);
    }

    /// <summary>The same from what <see cref="RaiseForRoot"/> gave.</summary>
    public static ulong RootOfPower(in Fp a, in Fp power, out Fp root)
    {
        Multiply(a, power, out Fp candidate);
        Square(candidate, out Fp square);
        ulong exists = EqualMask(square, a);
        root = candidate;
        return exists;
    }
}
