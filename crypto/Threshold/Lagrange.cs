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

    /// <summary>The coefficients of the polynomial with these values, the one at 0 first.</summary>
    /// <param name="indices">Where the values are: from 1 on, no two the same.</param>
    /// <param name="values">The values.</param>
    /// <exception cref="ArgumentException">The indices cannot be interpolated.</exception>
    public static Scalar[] Coefficients(ReadOnlySpan<int> indices, ReadOnlySpan<Scalar> values)
    {
        SharingRefusal refusal = Check(indices);
        if (refusal != SharingRefusal.None || indices.IsEmpty || indices.Length != values.Length)
        {
            throw new ArgumentException($"{indices.Length} indices and {values.Length} values cannot be interpolated: {refusal}.", nameof(indices));
        }

        // Newton's divided differences, then the nested form is multiplied out.
        int count = indices.Length;
        Scalar[] places = [.. indices.ToArray().Select(index => Scalar.FromInteger((ulong)index))], differences = values.ToArray();
        for (int order = 1; order < count; order++)
        {
            for (int i = count - 1; i >= order; i--)
            {
                differences[i] = (differences[i] - differences[i - 1]) * Scalar.Invert(places[i] - places[i - order]);
            }
        }

        var coefficients = new Scalar[count];
        coefficients[0] = differences[count - 1];
        for (int i = count - 2; i >= 0; i--)
        {
            // c(x) = c(x)·(x − place_i) + difference_i
            for (int k = count - 1; k > 0; k--)
            {
                coefficients[k] = coefficients[k - 1] - (coefficients[k] * places[i]);
            }

            coefficients[0] = differences[i] - (coefficients[0] * places[i]);
        }

        return coefficients;
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
