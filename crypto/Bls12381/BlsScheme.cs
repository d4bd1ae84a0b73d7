using System.Security.Cryptography;

namespace Bft.Crypto.Bls12381;

/// <summary>BLS signatures with proofs of possession (draft-irtf-cfrg-bls-signature-05 §3.3), over either assignment of the groups.</summary>
/// <typeparam name="TKey">The group of the public keys.</typeparam>
/// <typeparam name="TSignature">The group of the signatures.</typeparam>
/// <remarks>
/// <para>Keys and signatures are decoded once, by <see cref="ReadKey"/> and <see cref="ReadSignature"/>, which make every check that bytes from outside need: length, flags,
/// canonical coordinates, curve, subgroup, identity. What comes from outside is refused with a reason and never by an exception; exceptions are for bugs of the caller.</para>
/// <para><b>Rogue keys.</b> Keys may be summed up (<see cref="FastAggregateVerify"/>, <see cref="BatchVerifyMessage"/>) only after the
/// proof of possession of each of them was checked. The tag of the proofs differs from that of the signatures.</para>
/// <para>Thread-safe. Signing is constant-time in the secret key; verification works on public values.</para>
/// </remarks>
public abstract class BlsScheme<TKey, TSignature>
    where TKey : struct, IBlsGroup<TKey>
    where TSignature : struct, IBlsGroup<TSignature>
{
    /// <summary>Bits of the random weights of batches: a forger gets through with probability 2^-128.</summary>
    private protected const int WeightBits = 128;

    private readonly byte[] _signatureTag;
    private readonly byte[] _proofTag;

    private protected BlsScheme(ReadOnlySpan<byte> signatureTag, ReadOnlySpan<byte> proofTag)
    {
        if (signatureTag.IsEmpty || proofTag.IsEmpty || signatureTag.SequenceEqual(proofTag))
        {
            throw new ArgumentException("Signatures and proofs of possession need two different tags that are not empty: else a signature could pass for a proof.", nameof(proofTag));
        }

        _signatureTag = signatureTag.ToArray();
        _proofTag = proofTag.ToArray();
    }

    /// <summary>Bytes of a public key.</summary>
    public int KeyBytes => TKey.CompressedBytes;

    /// <summary>Bytes of a signature and of a proof of possession.</summary>
    public int SignatureBytes => TSignature.CompressedBytes;

    /// <summary>The domain separation tag of signatures; that of the proofs is another.</summary>
    public ReadOnlyMemory<byte> SignatureTag => _signatureTag;

    /// <summary>The domain separation tag of proofs of possession.</summary>
    public ReadOnlyMemory<byte> ProofTag => _proofTag;

    /// <summary>The public key of a secret one. Constant-time.</summary>
    /// <exception cref="ObjectDisposedException">The secret was erased.</exception>
    public TKey PublicKey(BlsSecretKey secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        return TKey.Multiply(TKey.Generator, secret.Number);
    }

    /// <summary>Signs a message. Deterministic; constant-time in the secret.</summary>
    /// <exception cref="ObjectDisposedException">The secret was erased.</exception>
    public TSignature Sign(BlsSecretKey secret, ReadOnlySpan<byte> message)
    {
        ArgumentNullException.ThrowIfNull(secret);
        return TSignature.Multiply(TSignature.Hash(message, _signatureTag), secret.Number);
    }

    /// <summary>Reads a public key from <see cref="KeyBytes"/> bytes (KeyValidate of the draft).</summary>
    /// <param name="source">The encoding.</param>
    /// <param name="key">The key; the identity, which verifies nothing, when refused.</param>
    public BlsRefusal ReadKey(ReadOnlySpan<byte> source, out TKey key) => NotIdentity(TKey.Read(source, out key), key);

    /// <summary>Reads a signature or a proof of possession from <see cref="SignatureBytes"/> bytes.</summary>
    /// <param name="source">The encoding.</param>
    /// <param name="signature">The signature; the identity, which verifies for nothing, when refused.</param>
    public BlsRefusal ReadSignature(ReadOnlySpan<byte> source, out TSignature signature) =>
        NotIdentity(TSignature.Read(source, out signature), signature);

    private static BlsRefusal NotIdentity<TPoint>(BlsRefusal refusal, TPoint point)
        where TPoint : struct, IBlsGroup<TPoint> =>
        refusal == BlsRefusal.None && point.IsIdentity ? BlsRefusal.Identity : refusal;

    /// <summary>Checks one signature.</summary>
    /// <returns><see cref="BlsRefusal.None"/>, <see cref="BlsRefusal.Identity"/> or <see cref="BlsRefusal.WrongSignature"/>.</returns>
    public BlsRefusal Verify(in TKey key, ReadOnlySpan<byte> message, in TSignature signature) =>
        VerifyHash(key, TSignature.Hash(message, _signatureTag), signature, BlsRefusal.WrongSignature);

    /// <summary>Checks one signature from bytes, with all checks of both encodings.</summary>
    public BlsRefusal Verify(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        BlsRefusal refusal = ReadKey(key, out TKey publicKey);
        if (refusal != BlsRefusal.None)
        {
            return refusal;
        }

        refusal = ReadSignature(signature, out TSignature point);
        return refusal == BlsRefusal.None ? Verify(publicKey, message, point) : refusal;
    }

    private BlsRefusal VerifyHash(in TKey key, in TSignature hash, in TSignature signature, BlsRefusal wrong)
    {
        if (key.IsIdentity || signature.IsIdentity)
        {
            return BlsRefusal.Identity;
        }

        // e(g, signature) = e(key, hash), as one product with -g.
        return ProductIsOne([key, TKey.Negate(TKey.Generator)], [hash, signature]) ? BlsRefusal.None : wrong;
    }

    /// <summary>The sum of signatures; the identity for none, which no verification accepts.</summary>
    public TSignature Aggregate(ReadOnlySpan<TSignature> signatures) => TSignature.Sum(signatures);

    /// <summary>The sum of keys: a committee's key, for keys whose possession was proved.</summary>
    public TKey AggregateKeys(ReadOnlySpan<TKey> keys) => TKey.Sum(keys);

    /// <summary>Checks the sum of one signature a key, each over its own message.</summary>
    public BlsRefusal AggregateVerify(ReadOnlySpan<TKey> keys, ReadOnlySpan<ReadOnlyMemory<byte>> messages, in TSignature signature)
    {
        if (keys.Length != messages.Length)
        {
            return BlsRefusal.CountsDiffer;
        }

        BlsRefusal refusal = CheckKeys(keys, mayRepeat: true);
        if (refusal != BlsRefusal.None)
        {
            return refusal;
        }

        if (signature.IsIdentity)
        {
            return BlsRefusal.Identity;
        }

        var left = new TKey[keys.Length + 1];
        var right = new TSignature[keys.Length + 1];
        keys.CopyTo(left);
        for (int i = 0; i < messages.Length; i++)
        {
            right[i] = TSignature.Hash(messages[i].Span, _signatureTag);
        }

        left[^1] = TKey.Negate(TKey.Generator);
        right[^1] = signature;
        return ProductIsOne(left, right) ? BlsRefusal.None : BlsRefusal.WrongSignature;
    }

    /// <summary>
    /// Checks the sum of the signatures of several keys over one message, at the cost of one signature. Only for keys whose possession was proved; no key twice.
    /// </summary>
    public BlsRefusal FastAggregateVerify(ReadOnlySpan<TKey> keys, ReadOnlySpan<byte> message, in TSignature signature)
    {
        BlsRefusal refusal = CheckKeys(keys, mayRepeat: false);
        return refusal == BlsRefusal.None ? Verify(AggregateKeys(keys), message, signature) : refusal;
    }

    /// <summary>
    /// Checks signatures of several keys over one message one by one in effect, together in cost: sums with random weights, so that errors cannot cancel each other out
    /// (Bellare, Garay and Rabin 1998). On refusal at least one is wrong; bisect to find it.
    /// </summary>
    public BlsRefusal BatchVerifyMessage(ReadOnlySpan<TKey> keys, ReadOnlySpan<byte> message, ReadOnlySpan<TSignature> signatures)
    {
        BlsRefusal refusal = CheckBatch(keys, signatures);
        if (refusal != BlsRefusal.None)
        {
            return refusal;
        }

        Scalar[] weights = RandomWeights(keys.Length);
        TKey key = SumOfKeys(keys, weights);
        TSignature signature = SumOfSignatures(signatures, weights);
        return VerifyHash(key, TSignature.Hash(message, _signatureTag), signature, BlsRefusal.WrongSignature);
    }

    /// <summary>The same for a message a key: one pairing a message and one final exponentiation in all.</summary>
    public BlsRefusal BatchVerify(
        ReadOnlySpan<TKey> keys, ReadOnlySpan<ReadOnlyMemory<byte>> messages, ReadOnlySpan<TSignature> signatures)
    {
        if (keys.Length != messages.Length)
        {
            return BlsRefusal.CountsDiffer;
        }

        BlsRefusal refusal = CheckBatch(keys, signatures);
        if (refusal != BlsRefusal.None)
        {
            return refusal;
        }

        Scalar[] weights = RandomWeights(keys.Length);
        var left = new TKey[keys.Length + 1];
        var right = new TSignature[keys.Length + 1];
        for (int i = 0; i < keys.Length; i++)
        {
            left[i] = keys[i];
            right[i] = TSignature.Hash(messages[i].Span, _signatureTag);
            Weigh(ref left[i], ref right[i], weights[i]);
        }

        left[^1] = TKey.Negate(TKey.Generator);
        right[^1] = SumOfSignatures(signatures, weights);
        return ProductIsOne(left, right) ? BlsRefusal.None : BlsRefusal.WrongSignature;
    }

    /// <summary>A proof that the owner of the public key knows the secret one: a signature over the key under the tag of proofs. Constant-time in the secret.</summary>
    /// <exception cref="ObjectDisposedException">The secret was erased.</exception>
    public TSignature ProvePossession(BlsSecretKey secret) =>
        TSignature.Multiply(HashOfKey(PublicKey(secret)), secret.Number);

    /// <summary>Checks a proof of possession. Until it was accepted, a key must not be summed up with others.</summary>
    /// <returns><see cref="BlsRefusal.None"/>, <see cref="BlsRefusal.Identity"/> or <see cref="BlsRefusal.WrongProofOfPossession"/>.</returns>
    public BlsRefusal VerifyPossession(in TKey key, in TSignature proof) =>
        VerifyHash(key, HashOfKey(key), proof, BlsRefusal.WrongProofOfPossession);

    private TSignature HashOfKey(in TKey key)
    {
        var bytes = new byte[TKey.CompressedBytes];
        key.Write(bytes);
        return TSignature.Hash(bytes, _proofTag);
    }

    private static BlsRefusal CheckBatch(ReadOnlySpan<TKey> keys, ReadOnlySpan<TSignature> signatures)
    {
        if (keys.Length != signatures.Length)
        {
            return BlsRefusal.CountsDiffer;
        }

        foreach (ref readonly TSignature signature in signatures)
        {
            if (signature.IsIdentity)
            {
                return BlsRefusal.Identity;
            }
        }

        return CheckKeys(keys, mayRepeat: true);
    }

    private static BlsRefusal CheckKeys(ReadOnlySpan<TKey> keys, bool mayRepeat)
    {
        if (keys.IsEmpty)
        {
            return BlsRefusal.NoSigners;
        }

        for (int i = 0; i < keys.Length; i++)
        {
            if (keys[i].IsIdentity)
            {
                return BlsRefusal.Identity;
            }
        }

        return mayRepeat || AreDistinct(keys) ? BlsRefusal.None : BlsRefusal.DuplicateSigner;
    }

    private static bool AreDistinct(ReadOnlySpan<TKey> keys)
    {
        // Sorted by their hashes, equal keys are neighbours; only keys of equal hashes are compared.
        var hashes = new int[keys.Length];
        var indices = new int[keys.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            hashes[i] = keys[i].GetHashCode();
            indices[i] = i;
        }

        Array.Sort(hashes, indices);
        for (int i = 0; i < keys.Length; i++)
        {
            for (int j = i + 1; j < keys.Length && hashes[j] == hashes[i]; j++)
            {
                if (keys[indices[i]].Equals(keys[indices[j]]))
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Uniform weights in [1, 2^128).</summary>
    private static Scalar[] RandomWeights(int count)
    {
        var weights = new Scalar[count];
        Span<byte> bytes = stackalloc byte[Scalar.Bytes];
        bytes.Clear();
        for (int i = 0; i < count; i++)
        {
            do
            {
                RandomNumberGenerator.Fill(bytes[^(WeightBits / 8)..]);
                weights[i] = Scalar.FromBytesReduced(bytes);
            }
            while (weights[i].IsZero);
        }

        return weights;
    }

    /// <summary>Whether Π e(key_i, signature_i) = 1, each in its place.</summary>
    private protected abstract bool ProductIsOne(ReadOnlySpan<TKey> keys, ReadOnlySpan<TSignature> signatures);

    /// <summary>Σ weight_i·signature_i for weights of <see cref="WeightBits"/> bits.</summary>
    private protected abstract TSignature SumOfSignatures(ReadOnlySpan<TSignature> signatures, ReadOnlySpan<Scalar> weights);

    /// <summary>Σ weight_i·key_i for weights of <see cref="WeightBits"/> bits.</summary>
    private protected abstract TKey SumOfKeys(ReadOnlySpan<TKey> keys, ReadOnlySpan<Scalar> weights);

    /// <summary>Multiplies one of both, the one in the smaller group, by the weight.</summary>
    private protected abstract void Weigh(ref TKey key, ref TSignature hash, in Scalar weight);
}
