using System.Security.Cryptography;
using System.Text;
using Bft.Crypto.Bls12381;

namespace Bft.Crypto.Threshold;

/// <summary>
/// That a dealer knows what it extracted: a_k with A_k = g^{a_k} and b_k with C_k / A_k = h^{b_k}. As nobody can open a C_k in two ways, the A_k belong to the very polynomial that was
/// dealt. Without it, q − 1 receivers that agree say nothing of the value at 0: a dealer who waits for the others could choose the key, if a single receiver's objection came too late.
/// </summary>
/// <remarks>
/// One proof of knowledge for both bases (Schnorr 1991; Fiat, Shamir 1986) of all coefficients at once: of the values of both polynomials at a place that is a hash of the statement. Layout:
/// challenge, answer for the value, answer for the blinding, 32 bytes each, big-endian.
/// </remarks>
public static class ExtractionProof
{
    /// <summary>Length of a proof.</summary>
    public const int Bytes = 3 * Scalar.Bytes;

    internal static byte[] Prove(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> context, PedersenCommitments hiding, Commitments extracted, SecretPolynomial sharing, SecretPolynomial blinding)
    {
        byte[] statement = Statement(context, hiding, extracted);
        Scalar place = PlaceOf(statement), value = Nonce(seed, statement, 0), blind = Nonce(seed, statement, 1);
        Scalar challenge = ChallengeOf(statement, G2Point.Multiply(G2Point.Generator, value), G2Point.Multiply(PedersenBase.H, blind));
        var proof = new byte[Bytes];
        challenge.Write(proof.AsSpan(0, Scalar.Bytes));
        (value + (challenge * sharing.At(place))).Write(proof.AsSpan(Scalar.Bytes, Scalar.Bytes));
        (blind + (challenge * blinding.At(place))).Write(proof.AsSpan(2 * Scalar.Bytes, Scalar.Bytes));
        return proof;
    }

    /// <summary>Whether the extracted commitments are those of the polynomial that was committed to.</summary>
    /// <param name="proof">Any bytes.</param>
    /// <param name="context">Chain, generation and dealer.</param>
    /// <param name="hiding">What was dealt.</param>
    /// <param name="extracted">What was extracted, of the same quorum.</param>
    public static bool Verify(ReadOnlySpan<byte> proof, ReadOnlySpan<byte> context, PedersenCommitments hiding, Commitments extracted)
    {
        if (proof.Length != Bytes || hiding.Quorum != extracted.Quorum ||
            !Scalar.TryRead(proof[..Scalar.Bytes], out Scalar challenge) ||
            !Scalar.TryRead(proof.Slice(Scalar.Bytes, Scalar.Bytes), out Scalar value) ||
            !Scalar.TryRead(proof[^Scalar.Bytes..], out Scalar blind))
        {
            return false;
        }

        byte[] statement = Statement(context, hiding, extracted);
        Scalar place = PlaceOf(statement);
        G2Point open = extracted.At(place), hidden = hiding.At(place) + G2Point.Negate(open);
        return challenge == ChallengeOf(
            statement,
            G2Point.Multiply(G2Point.Generator, value) + G2Point.Negate(G2Point.Multiply(open, challenge)),
            G2Point.Multiply(PedersenBase.H, blind) + G2Point.Negate(G2Point.Multiply(hidden, challenge)));
    }

    private static byte[] Statement(ReadOnlySpan<byte> context, PedersenCommitments hiding, Commitments extracted) =>
        SHA384.HashData([.. "bft keygen extraction"u8, .. SHA384.HashData(context), .. hiding.Encode(), .. extracted.ToBytes()]);

    private static Scalar PlaceOf(byte[] statement) => Scalar.FromWideBytes(SHA384.HashData([.. statement, (byte)'p']));

    private static Scalar ChallengeOf(byte[] statement, G2Point value, G2Point blind) =>
        Scalar.FromWideBytes(SHA384.HashData([.. statement, (byte)'c', .. value.ToBytes(), .. blind.ToBytes()]));

    // From the seed and the whole statement: the same again after a crash, and never one nonce for two challenges.
    private static Scalar Nonce(ReadOnlySpan<byte> seed, byte[] statement, byte number)
    {
        Span<byte> wide = stackalloc byte[Scalar.WideBytes];
        HKDF.Expand(HashAlgorithmName.SHA256, seed, wide, [.. Encoding.ASCII.GetBytes("bft keygen nonce"), .. statement, number]);
        var nonce = Scalar.FromWideBytes(wide);
        CryptographicOperations.ZeroMemory(wide);
        return nonce;
    }
}
