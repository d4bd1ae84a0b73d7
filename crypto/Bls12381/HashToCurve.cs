using System.Runtime.CompilerServices;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;
using Bft.Crypto.Bls12381.Hashing;
using Bft.Crypto.Bls12381.Native;

namespace Bft.Crypto.Bls12381;

/// <summary>Hashing to the groups by RFC 9380: the suites BLS12381G1_XMD:SHA-256_SSWU_RO_ and _NU_, BLS12381G2_XMD:SHA-256_SSWU_RO_ and _NU_.</summary>
/// <remarks>
/// The tag says which protocol a hash is for; two protocols must never share one. A tag longer than 255 bytes is hashed first, as the RFC says. The time depends on the length of
/// the message only.
/// </remarks>
public static class HashToCurve
{
    private const int WideBytes = 64;

    /// <summary>hash_to_curve to G1: as good as a random oracle.</summary>
    /// <exception cref="ArgumentException">The tag is empty.</exception>
    public static G1Point ToG1(ReadOnlySpan<byte> message, ReadOnlySpan<byte> domain) =>
        BlsBackend.Native is { } native && !domain.IsEmpty ? native.G1.Hash(message, domain) : ToG1Managed(message, domain);

    /// <summary>The same by the managed code, whatever the backend.</summary>
    [SkipLocalsInit]
    internal static G1Point ToG1Managed(ReadOnlySpan<byte> message, ReadOnlySpan<byte> domain)
    {
        Span<byte> uniform = stackalloc byte[2 * WideBytes];
        ExpandMessage.Xmd(message, domain, uniform);
        Span<Fp> u = stackalloc Fp[2];
        Span<Projective<Fp, G1Curve>> q = stackalloc Projective<Fp, G1Curve>[2];
        Fp.ReadWide(uniform[..WideBytes], out u[0]);
        Fp.ReadWide(uniform[WideBytes..], out u[1]);
        SimplifiedSwu.Map<Fp, G1Curve, G1Map>(u, q);
        Projective<Fp, G1Curve>.Add(q[0], q[1], out Projective<Fp, G1Curve> q0);
        G1Curve.ClearCofactor(q0, out q0);
        return new G1Point(q0);
    }

    /// <summary>encode_to_curve to G1: half the work, but not uniform; not for signatures.</summary>
    /// <exception cref="ArgumentException">The tag is empty.</exception>
    public static G1Point EncodeToG1(ReadOnlySpan<byte> message, ReadOnlySpan<byte> domain)
    {
        Span<byte> uniform = stackalloc byte[WideBytes];
        ExpandMessage.Xmd(message, domain, uniform);
        Fp.ReadWide(uniform, out Fp u);
        return MapToG1(u);
    }

    /// <summary>map_to_curve and clear_cofactor of one field element.</summary>
    internal static G1Point MapToG1(in Fp u)
    {
        Unsafe.SkipInit(out Projective<Fp, G1Curve> point);
        SimplifiedSwu.Map<Fp, G1Curve, G1Map>(new ReadOnlySpan<Fp>(in u), new Span<Projective<Fp, G1Curve>>(ref point));
        G1Curve.ClearCofactor(point, out point);
        return new G1Point(point);
    }

    /// <summary>hash_to_curve to G2: as good as a random oracle.</summary>
    /// <exception cref="ArgumentException">The tag is empty.</exception>
    public static G2Point ToG2(ReadOnlySpan<byte> message, ReadOnlySpan<byte> domain) =>
        BlsBackend.Native is { } native && !domain.IsEmpty ? native.G2.Hash(message, domain) : ToG2Managed(message, domain);

    /// <summary>The same by the managed code, whatever the backend.</summary>
    [SkipLocalsInit]
    internal static G2Point ToG2Managed(ReadOnlySpan<byte> message, ReadOnlySpan<byte> domain)
    {
        Span<byte> uniform = stackalloc byte[4 * WideBytes];
        ExpandMessage.Xmd(message, domain, uniform);
        Span<Fp2> u = stackalloc Fp2[2];
        Span<Projective<Fp2, G2Curve>> q = stackalloc Projective<Fp2, G2Curve>[2];
        ReadWide(uniform[..(2 * WideBytes)], out u[0]);
        ReadWide(uniform[(2 * WideBytes)..], out u[1]);
        SimplifiedSwu.Map<Fp2, G2Curve, G2Map>(u, q);
        Projective<Fp2, G2Curve>.Add(q[0], q[1], out Projective<Fp2, G2Curve> q0);
        G2Curve.ClearCofactor(q0, out q0);
        return new G2Point(q0);
    }

    /// <summary>encode_to_curve to G2: half the work, but not uniform; not for signatures.</summary>
    /// <exception cref="ArgumentException">The tag is empty.</exception>
    public static G2Point EncodeToG2(ReadOnlySpan<byte> message, ReadOnlySpan<byte> domain)
    {
        Span<byte> uniform = stackalloc byte[2 * WideBytes];
        ExpandMessage.Xmd(message, domain, uniform);
        ReadWide(uniform, out Fp2 u);
        return MapToG2(u);
    }

    /// <summary>map_to_curve and clear_cofactor of one field element.</summary>
    internal static G2Point MapToG2(in Fp2 u)
    {
        Unsafe.SkipInit(out Projective<Fp2, G2Curve> point);
        SimplifiedSwu.Map<Fp2, G2Curve, G2Map>(new ReadOnlySpan<Fp2>(in u), new Span<Projective<Fp2, G2Curve>>(ref point));
        G2Curve.ClearCofactor(point, out point);
        return new G2Point(point);
    }

    private static void ReadWide(ReadOnlySpan<byte> source, out Fp2 value)
    {
        Fp.ReadWide(source[..WideBytes], out value.C0);
        Fp.ReadWide(source[WideBytes..], out value.C1);
    }
}
