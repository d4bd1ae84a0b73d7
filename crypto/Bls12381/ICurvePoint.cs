using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381;

/// <summary>What a group's public type shows to the rest of this library: its coordinates.</summary>
/// <typeparam name="TPoint">The implementing type.</typeparam>
/// <typeparam name="TField">The field of the coordinates.</typeparam>
/// <typeparam name="TCurve">The curve.</typeparam>
internal interface ICurvePoint<TPoint, TField, TCurve>
    where TPoint : struct, ICurvePoint<TPoint, TField, TCurve>
    where TField : unmanaged, IField<TField>
    where TCurve : ICurve<TField, TCurve>
{
    /// <summary>The coordinates; those of the identity for the default value.</summary>
    Projective<TField, TCurve> Coordinates { get; }

    /// <summary>Wraps coordinates that the caller knows to be of the subgroup.</summary>
    static abstract TPoint Of(in Projective<TField, TCurve> point);
}
