using System.Text;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;

namespace Bft.Crypto.Bls12381.Native;

/// <summary>Known answers that a library must give before it is trusted: sign, verify, reject, in both groups. Takes a few milliseconds, once a process.</summary>
/// <remarks>It finds a wrong library, a wrong layout and a wrong build; it is no proof against a library that wants to deceive: whoever can put one there can do anything else as well.</remarks>
internal static class BlstProbe
{
    // Published signatures (tests/crypto/vectors/bls/sign), and points of the curves outside the subgroups (…/eth-bls/deserialization_*).
    private static readonly byte[] Secret = Convert.FromHexString("50ff7bd9b21916e55debbd0757e945386b6159ef481d9d774ee67d9b07d0e4ed");
    private static readonly byte[] Message = Convert.FromHexString("7e846556");
    private static readonly byte[] TagOfG1 = Encoding.ASCII.GetBytes("BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_");
    private static readonly byte[] SignatureInG1 = Convert.FromHexString("8d8d9e84012c9c0958018202fe944b4517b618cb7df0b61b1f1ce40b43c2da6330ee0c30a37ac6c7ba0f16aeaa5b99db");
    private static readonly byte[] OtherSecret = Convert.FromHexString("177c50ec35b1da25f68b9f7bad8f1c443a01fa2b20de37be0caec8b62db5c902");
    private static readonly byte[] OtherMessage = Convert.FromHexString("d2");
    private static readonly byte[] TagOfG2 = Encoding.ASCII.GetBytes("BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_");
    private static readonly byte[] SignatureInG2 = Convert.FromHexString(
        "8166ef48e7c1de5f8256a670511aad114f956382eed36f3bb45a7a1bf473e982f0e399924b4dc92795d043d9475402aa0d065e10f05a2026a0961882b6c2e6c6ae429edd17c7a43586a814121044e41c5c1d3397452b2fc61fdc523cc943ef68");

    // What stands behind the two signatures: keys, and hashes of the messages. A library that negates everything would sign rightly, but not hash so.
    private static readonly byte[] HashInG1 = Convert.FromHexString("8783b77848a7237f7ca09974dfde69de0dae68ee555b70927f868e543889e142fa244ac05e188542441ef84406593143");
    private static readonly byte[] HashInG2 = Convert.FromHexString(
        "b8075d97655594f1b6d3d5c73f05a23c8a37ac962dc261a3c37f28af5cdbf3346ea1ef796c35913ce46d53e7571458ae0d6504ae4ebc72ec62c2679471659d4f4042482f0acef13223388531d78d48d367dcf9e6b99c529ea477d2322a75d0f9");

    private static readonly byte[] KeyInG2 = Convert.FromHexString(
        "ab40ea0cf62f53bf8fa70ed921eb4ea6c5e9876f701123d2fc2856df54270e9e2e24fcf9ae34ea54302cb5ae14eb0c650b7f9f4426595d1b955cc12b00579c5fa0f4e91e86e5b21d64418740bd2a79204339950d48dc878b2925a24cb6cffea4");

    private static readonly byte[] KeyInG1 = Convert.FromHexString("af33a757628d29c0146e1566bb177154808ea3fe4ca9034be488afb9a5ea4ccc7079b88afa4f1af5989174ffdb6fdea6");

    private static readonly byte[] OutsideG1 = Convert.FromHexString(
        "8123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");

    private static readonly byte[] OutsideG2 = Convert.FromHexString(
        "8123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");

    /// <summary>Asks everything once.</summary>
    /// <returns>What it got wrong, in words that end a sentence; null when all was right.</returns>
    public static string? FindFault(BlstArithmetic native)
    {
        if (!native.SharesLayout())
        {
            return "its coordinates lie otherwise in memory";
        }

        Scalar.TryRead(Secret, out Scalar secret);
        Scalar.TryRead(OtherSecret, out Scalar other);
        G1Point hash = native.G1.Hash(Message, TagOfG1);
        G2Point otherHash = native.G2.Hash(OtherMessage, TagOfG2);
        if (!Is(hash, HashInG1) || !Is(otherHash, HashInG2))
        {
            return "it hashes wrongly";
        }

        G2Point key = native.G2.Multiply(G2Point.Generator, secret);
        G1Point otherKey = native.G1.Multiply(G1Point.Generator, other);
        G1Point signature = native.G1.Multiply(hash, secret);
        G2Point otherSignature = native.G2.Multiply(otherHash, other);
        if (!Is(signature, SignatureInG1) || !Is(otherSignature, SignatureInG2) || !Is(key, KeyInG2) || !Is(otherKey, KeyInG1))
        {
            return "it signs wrongly";
        }

        if (!Decodes(native))
        {
            return "it decodes points wrongly";
        }

        G1Point negativeG1 = -G1Point.Generator;
        G2Point negativeG2 = -G2Point.Generator;
        if (!native.ProductIsOne([hash, signature], [key, negativeG2]) || !native.ProductIsOne([otherKey, negativeG1], [otherHash, otherSignature]))
        {
            return "it refuses good signatures";
        }

        if (native.ProductIsOne([native.G1.Hash(OtherMessage, TagOfG1), signature], [key, negativeG2])
            || native.ProductIsOne([otherKey, negativeG1], [native.G2.Hash(Message, TagOfG2), otherSignature])
            || native.ProductIsOne([hash, -signature], [key, negativeG2]))
        {
            return "it takes wrong signatures";
        }

        return SumsUp(native.G1, hash, signature, secret, OtherSecret) && SumsUp(native.G2, otherHash, otherSignature, other, Secret) ? null : "it sums up wrongly";
    }

    private static bool Is<TPoint>(TPoint point, byte[] expected)
        where TPoint : struct, IBlsGroup<TPoint>
    {
        var bytes = new byte[expected.Length];
        point.Write(bytes);
        return bytes.AsSpan().SequenceEqual(expected);
    }

    private static bool Decodes(BlstArithmetic native) =>
        native.G1.TryDecode(SignatureInG1, out Projective<Fp, G1Curve> g1) && native.G1.IsInSubgroup(g1)
        && native.G2.TryDecode(SignatureInG2, out Projective<Fp2, G2Curve> g2) && native.G2.IsInSubgroup(g2)
        && native.G1.TryDecode(OutsideG1, out g1) && !native.G1.IsInSubgroup(g1)
        && native.G2.TryDecode(OutsideG2, out g2) && !native.G2.IsInSubgroup(g2);

    // In two parts with all the bits, and with short weights: 7a - 3a - 4a.
    private static bool SumsUp<TPoint, TField, TCurve, TCodec, TNative>(
        BlstGroup<TPoint, TField, TCurve, TCodec, TNative> group, in TPoint hash, in TPoint signature, Scalar secret, byte[] some)
        where TPoint : struct, IBlsGroup<TPoint>, ICurvePoint<TPoint, TField, TCurve>
        where TField : unmanaged, IField<TField>
        where TCurve : ICurve<TField, TCurve>
        where TCodec : IFieldCodec<TField>
        where TNative : unmanaged, IBlstCoordinate<TNative, TField>
    {
        Scalar part = Scalar.FromBytesReduced(some);
        return group.MultiplySum([hash, hash], [part, secret - part], 256).Equals(signature)
            && group.MultiplySum([hash, hash], [Scalar.FromInteger(3), Scalar.FromInteger(4)], 128).Equals(group.Multiply(hash, Scalar.FromInteger(7)));
    }
}
