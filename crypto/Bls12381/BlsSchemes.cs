namespace Bft.Crypto.Bls12381;

/// <summary>The two ways to lay the scheme over the groups, both with proofs of possession.</summary>
/// <remarks>
/// The tags are those of draft-irtf-cfrg-bls-signature-05 §4.2.3: signatures and proofs of possession hash under different ones, so that no signature is ever a proof.
/// </remarks>
public static class BlsSchemes
{
    /// <summary>Signatures in G1: 48 bytes a signature, 96 a key. The cheaper choice for certificates.</summary>
    public static BlsScheme<G2Point, G1Point> MinimalSignatures { get; } = new MinimalSignatureScheme(
        "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_"u8, "BLS_POP_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_"u8);

    /// <summary>Keys in G1: 48 bytes a key, 96 a signature. Ethereum's suite.</summary>
    public static BlsScheme<G1Point, G2Point> MinimalKeys { get; } = new MinimalKeyScheme(
        "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"u8, "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"u8);

    /// <summary>Signatures in G1 under tags of another protocol.</summary>
    /// <exception cref="ArgumentException">A tag is empty, or both are the same.</exception>
    public static BlsScheme<G2Point, G1Point> MinimalSignaturesUnder(ReadOnlySpan<byte> signatureTag, ReadOnlySpan<byte> proofTag) =>
        new MinimalSignatureScheme(signatureTag, proofTag);

    /// <summary>Keys in G1 under tags of another protocol.</summary>
    /// <exception cref="ArgumentException">A tag is empty, or both are the same.</exception>
    public static BlsScheme<G1Point, G2Point> MinimalKeysUnder(ReadOnlySpan<byte> signatureTag, ReadOnlySpan<byte> proofTag) =>
        new MinimalKeyScheme(signatureTag, proofTag);

    private sealed class MinimalSignatureScheme(ReadOnlySpan<byte> signatureTag, ReadOnlySpan<byte> proofTag)
        : BlsScheme<G2Point, G1Point>(signatureTag, proofTag)
    {
        private protected override bool ProductIsOne(ReadOnlySpan<G2Point> keys, ReadOnlySpan<G1Point> signatures) =>
            Pairing.ProductIsOne(signatures, keys);

        private protected override G1Point SumOfSignatures(ReadOnlySpan<G1Point> signatures, ReadOnlySpan<Scalar> weights) =>
            G1Point.MultiplySum(signatures, weights, WeightBits);

        private protected override G2Point SumOfKeys(ReadOnlySpan<G2Point> keys, ReadOnlySpan<Scalar> weights) =>
            G2Point.MultiplySum(keys, weights, WeightBits);

        private protected override void Weigh(ref G2Point key, ref G1Point hash, in Scalar weight) =>
            hash = G1Point.MultiplySum([hash], [weight], WeightBits);
    }

    private sealed class MinimalKeyScheme(ReadOnlySpan<byte> signatureTag, ReadOnlySpan<byte> proofTag)
        : BlsScheme<G1Point, G2Point>(signatureTag, proofTag)
    {
        private protected override bool ProductIsOne(ReadOnlySpan<G1Point> keys, ReadOnlySpan<G2Point> signatures) =>
            Pairing.ProductIsOne(keys, signatures);

        private protected override G2Point SumOfSignatures(ReadOnlySpan<G2Point> signatures, ReadOnlySpan<Scalar> weights) =>
            G2Point.MultiplySum(signatures, weights, WeightBits);

        private protected override G1Point SumOfKeys(ReadOnlySpan<G1Point> keys, ReadOnlySpan<Scalar> weights) =>
            G1Point.MultiplySum(keys, weights, WeightBits);

        private protected override void Weigh(ref G1Point key, ref G2Point hash, in Scalar weight) =>
            key = G1Point.MultiplySum([key], [weight], WeightBits);
    }
}
