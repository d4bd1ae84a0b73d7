using System.Numerics;

namespace Bft.Crypto.Bls12381.Curves;

/// <summary>Sums of multiples by Pippenger's buckets (1976). For public scalars only: which bucket is touched depends on them.</summary>
internal static class MultiScalar
{
    /// <summary>Σ scalar_i · point_i.</summary>
    /// <param name="points">The points; any of the curve.</param>
    /// <param name="scalars">For each point <paramref name="words"/> little-endian words.</param>
    /// <param name="words">Words of a scalar.</param>
    /// <param name="bits">No scalar has more bits than this.</param>
    /// <param name="sum">The sum; the identity for none.</param>
    public static void Sum<TPoint>(ReadOnlySpan<TPoint> points, ReadOnlySpan<ulong> scalars, int words, int bits, out TPoint sum)
        where TPoint : unmanaged, IPointArithmetic<TPoint>
    {
        int window = WindowFor(points.Length);
        var buckets = new TPoint[(1 << window) - 1];
        TPoint.SetIdentity(out TPoint identity);
        TPoint result = identity;
        for (int low = (bits - 1) / window * window; low >= 0; low -= window)
        {
            for (int i = 0; i < window; i++)
            {
                TPoint.Double(result, out result);
            }

            Array.Fill(buckets, identity);
            for (int i = 0; i < points.Length; i++)
            {
                int digit = Digit(scalars.Slice(i * words, words), low, window);
                if (digit != 0)
                {
                    TPoint.Add(buckets[digit - 1], points[i], out buckets[digit - 1]);
                }
            }

            // Σ i·bucket_i as a sum of the partial sums from the top.
            TPoint running = identity;
            for (int i = buckets.Length - 1; i >= 0; i--)
            {
                TPoint.Add(running, buckets[i], out running);
                TPoint.Add(result, running, out result);
            }
        }

        sum = result;
    }

    /// <summary>About log2 n - 3 bits minimise additions into buckets plus additions of buckets.</summary>
    private static int WindowFor(int points) => Math.Clamp(BitOperations.Log2((uint)Math.Max(points, 1)) - 3, 2, 12);

    private static int Digit(ReadOnlySpan<ulong> scalar, int low, int count)
    {
        int word = low / 64;
        if (word >= scalar.Length)
        {
            return 0;
        }

        ulong bits = scalar[word] >> (low % 64);
        if (low % 64 != 0 && word + 1 < scalar.Length)
        {
            bits |= scalar[word + 1] << (64 - (low % 64));
        }

        return (int)(bits & ((1UL << count) - 1));
    }
}
