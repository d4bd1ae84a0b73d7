using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Curves;

/// <summary>What the formulas in <see cref="Projective{TField, TCurve}"/> need to know of a curve y² = x³ + b.</summary>
internal interface ICurve<TField, TCurve>
    where TField : unmanaged, IField<TField>
    where TCurve : ICurve<TField, TCurve>
{
    /// <summary>How many digits a scalar is cut into: the order of the group is below the eigenvalue to this power.</summary>
    static abstract int Digits { get; }

    /// <summary>Bits of a digit.</summary>
    static abstract int DigitBits { get; }

    /// <summary>b, tight.</summary>
    static abstract ref readonly TField B { get; }

    /// <summary>a·3b, tight, for a below 40p.</summary>
    static abstract void MultiplyByThreeB(in TField a, out TField product);

    /// <summary>The endomorphism that multiplies the points of the group by a positive eigenvalue: z² on G1, |z| on G2.</summary>
    static abstract void MultiplyByEigenvalue(in Projective<TField, TCurve> point, out Projective<TField, TCurve> image);
}
