namespace Bft.Crypto.Bls12381.Curves;

/// <summary>A form of points that multiplications are written for. All operations are complete and constant-time; results may be written over operands.</summary>
internal interface IPointArithmetic<TSelf>
    where TSelf : unmanaged, IPointArithmetic<TSelf>
{
    /// <summary>The neutral element.</summary>
    static abstract void SetIdentity(out TSelf identity);

    /// <summary>a + b.</summary>
    static abstract void Add(in TSelf a, in TSelf b, out TSelf sum);

    /// <summary>2a.</summary>
    static abstract void Double(in TSelf a, out TSelf twice);

    /// <summary>Replaces where the mask is all ones, keeps where it is 0.</summary>
    static abstract void Assign(ref TSelf target, in TSelf source, ulong mask);

    /// <summary>-a where the mask is all ones, a where it is 0.</summary>
    static abstract void NegateWhere(ref TSelf a, ulong mask);

    /// <summary>The endomorphism of the curve with a positive eigenvalue: z² on G1, |z| on G2.</summary>
    static abstract void MultiplyByEigenvalue(in TSelf a, out TSelf image);
}
