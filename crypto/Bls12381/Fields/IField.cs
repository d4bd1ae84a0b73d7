namespace Bft.Crypto.Bls12381.Fields;

/// <summary>What the curve formulas ask of a coordinate field. The implementations are structs, so that each formula is compiled for its field.</summary>
/// <remarks>
/// Every result may be written over an operand. A <em>tight</em> value is below 3p with limbs below 2^56: what <see cref="Multiply"/>,
/// <see cref="Square"/>, <see cref="Reduce"/> and the decoders give, and all that is ever stored in a point. Sums are looser; see <see cref="Fp"/>.
/// </remarks>
internal interface IField<T>
    where T : struct, IField<T>
{
    /// <summary>The neutral element of multiplication.</summary>
    static abstract ref readonly T One { get; }

    /// <summary>a + b, limb by limb: bounds add up.</summary>
    static abstract void Add(in T a, in T b, out T sum);

    /// <summary>a - b for b below 8p; at most 8p more than a.</summary>
    static abstract void Subtract(in T a, in T b, out T difference);

    /// <summary>a - b for b below 64p; at most 64p more than a.</summary>
    static abstract void SubtractWide(in T a, in T b, out T difference);

    /// <summary>-a for a below 8p.</summary>
    static abstract void Negate(in T a, out T negative);

    /// <summary>a·b, tight.</summary>
    static abstract void Multiply(in T a, in T b, out T product);

    /// <summary>a², tight.</summary>
    static abstract void Square(in T a, out T square);

    /// <summary>a·b + c·d, tight, with one reduction where the field can.</summary>
    static abstract void SumOfProducts(in T a, in T b, in T c, in T d, out T sum);

    /// <summary>The same value, tight, of anything below 512p with limbs below 2^60.</summary>
    static abstract void Reduce(in T a, out T tight);

    /// <summary>1/a, and 0 for 0. Constant-time.</summary>
    static abstract void Invert(in T a, out T inverse);

    /// <summary>Replaces <paramref name="target"/> by <paramref name="source"/> where the mask is all ones, keeps it where it is 0. Constant-time.</summary>
    static abstract void Assign(ref T target, in T source, ulong mask);

    /// <summary>All ones for zero, else 0. Constant-time.</summary>
    static abstract ulong ZeroMask(in T a);
}
