using System.Runtime.InteropServices;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Native;

/// <summary>An element of Fp as blst lays it out: 48 bytes, <see cref="Fp.WriteWords"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BlstFp
{
    private ulong _w0;
    private ulong _w1;
    private ulong _w2;
    private ulong _w3;
    private ulong _w4;
    private ulong _w5;

    public static BlstFp Of(in Fp value)
    {
        BlstFp result = default;
        Fp.WriteWords(value, MemoryMarshal.CreateSpan(ref result._w0, Fp.Words));
        return result;
    }

    public readonly Fp ToFp()
    {
        Fp.ReadWords(MemoryMarshal.CreateReadOnlySpan(in _w0, Fp.Words), out Fp value);
        return value;
    }
}

/// <summary>An element of Fp2: the part without u, then the factor of u; 96 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BlstFp2
{
    private BlstFp _c0;
    private BlstFp _c1;

    public static BlstFp2 Of(in Fp2 value) => new() { _c0 = BlstFp.Of(value.C0), _c1 = BlstFp.Of(value.C1) };

    public readonly Fp2 ToFp2() => new() { C0 = _c0.ToFp(), C1 = _c1.ToFp() };
}

/// <summary>A point as blst takes it in: x and y, both 0 for the identity. 96 bytes in G1, 192 in G2.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BlstAffine<TField>
    where TField : unmanaged
{
    public TField X;
    public TField Y;
}

/// <summary>A point as blst computes with it: Jacobian coordinates, x = X/Z² and y = Y/Z³; Z is 0 for the identity. 144 bytes in G1, 288 in G2.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BlstJacobian<TField>
    where TField : unmanaged
{
    public TField X;
    public TField Y;
    public TField Z;
}

/// <summary>Points between the two forms.</summary>
internal static class BlstPoints
{
    /// <summary>X·Z : Y·Z² : Z, which needs no inversion.</summary>
    public static BlstJacobian<BlstFp> Jacobian(in Projective<Fp, G1Curve> point)
    {
        Jacobian(point, out Fp x, out Fp y);
        return new() { X = BlstFp.Of(x), Y = BlstFp.Of(y), Z = BlstFp.Of(point.Z) };
    }

    /// <inheritdoc cref="Jacobian(in Projective{Fp, G1Curve})"/>
    public static BlstJacobian<BlstFp2> Jacobian(in Projective<Fp2, G2Curve> point)
    {
        Jacobian(point, out Fp2 x, out Fp2 y);
        return new() { X = BlstFp2.Of(x), Y = BlstFp2.Of(y), Z = BlstFp2.Of(point.Z) };
    }

    /// <summary>A point whose Z is 1.</summary>
    public static BlstAffine<BlstFp> Affine(in Projective<Fp, G1Curve> point) => new() { X = BlstFp.Of(point.X), Y = BlstFp.Of(point.Y) };

    /// <summary>A point whose Z is 1.</summary>
    public static BlstAffine<BlstFp2> Affine(in Projective<Fp2, G2Curve> point) => new() { X = BlstFp2.Of(point.X), Y = BlstFp2.Of(point.Y) };

    /// <summary>The coordinates here; Z is 1, or the point the identity.</summary>
    public static Projective<Fp, G1Curve> Projective(in BlstAffine<BlstFp> point) => Finish<Fp, G1Curve>(point.X.ToFp(), point.Y.ToFp());

    /// <inheritdoc cref="Projective(in BlstAffine{BlstFp})"/>
    public static Projective<Fp2, G2Curve> Projective(in BlstAffine<BlstFp2> point) => Finish<Fp2, G2Curve>(point.X.ToFp2(), point.Y.ToFp2());

    /// <summary>Whether Z is 1, as in every decoded point. For public points.</summary>
    public static bool IsAffine<TField, TCurve>(in Projective<TField, TCurve> point)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
    {
        TField.Subtract(point.Z, TField.One, out TField difference);
        return TField.ZeroMask(difference) != 0;
    }

    private static void Jacobian<TField, TCurve>(in Projective<TField, TCurve> point, out TField x, out TField y)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
    {
        TField.Multiply(point.X, point.Z, out x);
        TField.Square(point.Z, out TField square);
        TField.Multiply(point.Y, square, out y);
    }

    // No point of either curve has both coordinates 0.
    private static Projective<TField, TCurve> Finish<TField, TCurve>(in TField x, in TField y)
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
    {
        var point = new Projective<TField, TCurve> { X = x, Y = y, Z = TField.One };
        Projective<TField, TCurve>.Assign(ref point, Projective<TField, TCurve>.Identity, TField.ZeroMask(x) & TField.ZeroMask(y));
        return point;
    }
}
