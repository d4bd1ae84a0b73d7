using Bft.Crypto.Bls12381;

namespace Bft.Crypto.Threshold;

/// <summary>Interpolation at 0: from as many values of a polynomial as it has coefficients to the secret, or to what was made with it.</summary>
public static class Lagrange
{
    /// <summary>The weight of each index: Σ weight_i·f(index_i) = f(0) for every polynomial of fewer coefficients than there are indices, or as many.</summary>
    /// <param name="indices">Where the values are: from 1 on, no two the same.</param>
    /// <param name="weights">Receives as many weights; all zero when refused.</param>
    /// <exception cref="ArgumentException">There are not as many weights as indices.</exception>
    public static SharingRefusal TryWeights(ReadOnlySpan<int> indices, Span<Scalar> weights)
    {
        if (indices.Length != weights.Length)
        {
            throw new ArgumentException($"{indices.Length} indices need as many weights, there are {weights.Length}.", nameof(weights));
        }

        weights.Clear();
        SharingRefusal refusal = Check(indices);
        if (refusal != SharingRefusal.None || indices.IsEmpty)
        {
            return refusal;
        }

        // weight_i = Π x_j / (x_i · Π (x_j - x_i)), j ≠ i: the numerator with x_i itself is the same for all.
        var places = new Scalar[indices.Length];
        Scalar all = Scalar.One;
        for (int i = 0; i < indices.Length; i++)
        {
            places[i] = Scalar.FromInteger((ulong)indices[i]);
            all *= places[i];
        }

        var denominators = new Scalar[indices.Length];
        for (int i = 0; i < indices.Length; i++)
        {
            Scalar product = places[i];
            for (int j = 0; j < indices.Length; j++)
            {
                product = j == i ? product : product * (places[j] - places[i]);
            }

            denominators[i] = product;
        }

        InvertAll(denominators, weights);
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] *= all;
        }

        return SharingRefusal.None;
    }

    private static SharingRefusal Check(ReadOnlySpan<int> indices)
    {
        var seen = new HashSet<int>(indices.Length);
        foreach (int index in indices)
        {
            if (index < 1)
            {
                return SharingRefusal.IndexOutOfRange;
            }

            if (!seen.Add(index))
            {
                return SharingRefusal.DuplicateIndex;
            }
        }

        return SharingRefusal.None;
    }

    // One inversion for all (Montgomery's trick): the inverse of the product, and the way back.
    private static void InvertAll(ReadOnlySpan<Scalar> numbers, Span<Scalar> inverses)
    {
        Scalar product = Scalar.One;
        for (int i = 0; i < numbers.Length; i++)
        {
            inverses[i] = product;
            product *= numbers[i];
        }

        Scalar inverse = Scalar.Invert(product);
        for (int i = numbers.Length - 1; i >= 0; i--)
        {
            inverses[i] *= inverse;
            inverse *= numbers[i];
        }
    }
}
