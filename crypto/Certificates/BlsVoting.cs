using Bft.Crypto.Bls12381;
using Bft.Crypto.Bls12381.Native;
using Bft.Crypto.Signatures;

namespace Bft.Crypto.Certificates;

/// <summary>A voting scheme whose public keys count only with a proof that their owner knows the secret.</summary>
public interface IProvesPossession
{
    /// <summary>The proof for the key of a seed; goes into genesis beside the public key.</summary>
    /// <param name="seed">The secret as the key store holds it.</param>
    /// <exception cref="ArgumentException">It is no secret of the scheme.</exception>
    byte[] ProvePossession(ReadOnlySpan<byte> seed);
}

/// <summary>A voting scheme whose secrets are shares of one secret: they are dealt, none can be made alone.</summary>
public interface IDealsShares
{
    /// <summary>Shares a fresh secret; whoever calls this is the trusted dealer, and disposing of the result makes it forget.</summary>
    /// <param name="replicas">How many shares.</param>
    /// <param name="quorum">How many of them sign together.</param>
    /// <exception cref="ArgumentOutOfRangeException">The quorum is not between 1 and the number of replicas.</exception>
    Threshold.Dealing Deal(int replicas, int quorum);
}

/// <summary>How a replica signs its votes under the BLS certificate schemes: minimal signatures, 48 bytes, under keys of 96 bytes.</summary>
/// <remarks>Never for transactions: a check costs a pairing. Its codes are above those of the wire.</remarks>
public abstract class BlsVoting : ISignatureScheme
{
    private readonly Func<ReadOnlySpan<byte>, BlsSecretKey> _secretOf;

    private BlsVoting(string name, byte code, Func<ReadOnlySpan<byte>, BlsSecretKey> secretOf)
    {
        Name = name;
        Code = code;
        _secretOf = secretOf;
    }

    /// <summary>Votes of the scheme <c>bls</c>: each replica has a key of its own, derived from its seed (EIP-2333).</summary>
    public static ISignatureScheme Aggregated { get; } = new OwnKeys();

    /// <summary>Votes of the scheme <c>bls-threshold</c>: the secret of a replica is its share, a number in [1, r), big-endian.</summary>
    public static ISignatureScheme Shared { get; } = new Shares();

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string Backend => BlsBackend.Name;

    /// <inheritdoc/>
    public byte Code { get; }

    /// <inheritdoc/>
    public int PublicKeyBytes => Signatures.KeyBytes;

    /// <inheritdoc/>
    public int SignatureBytes => Signatures.SignatureBytes;

    /// <summary>The signatures underneath.</summary>
    internal static BlsScheme<G2Point, G1Point> Signatures => BlsSchemes.MinimalSignatures;

    /// <inheritdoc/>
    public bool IsValidPublicKey(ReadOnlySpan<byte> publicKey) => Signatures.ReadKey(publicKey, out _) == BlsRefusal.None;

    /// <inheritdoc/>
    public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        Signatures.Verify(publicKey, message, signature) == BlsRefusal.None;

    /// <inheritdoc/>
    public ISigner CreateSigner(ReadOnlySpan<byte> seed) => new Signer(this, SecretOf(seed));

    /// <summary>The secret key in a seed.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    protected BlsSecretKey SecretOf(ReadOnlySpan<byte> seed) =>
        seed.Length == Keys.SeedBytes ? _secretOf(seed) : throw new ArgumentException($"A seed has {Keys.SeedBytes} bytes, got {seed.Length}.", nameof(seed));

    private sealed class OwnKeys() : BlsVoting("bls", 0x81, BlsSecretKey.FromSeed), IProvesPossession
    {
        public byte[] ProvePossession(ReadOnlySpan<byte> seed)
        {
            using BlsSecretKey secret = SecretOf(seed);
            return Signatures.ProvePossession(secret).ToBytes();
        }
    }

    private sealed class Shares() : BlsVoting("bls-threshold", 0x82, ReadShare), IDealsShares
    {
        public Threshold.Dealing Deal(int replicas, int quorum) => Threshold.Dealing.OfFreshSecret(replicas, quorum);

        private static BlsSecretKey ReadShare(ReadOnlySpan<byte> bytes)
        {
            BlsRefusal refusal = BlsSecretKey.Read(bytes, out BlsSecretKey? share);
            return share ?? throw new ArgumentException($"This is no share: {refusal.Describe()}.", nameof(bytes));
        }
    }

    private sealed class Signer(BlsVoting scheme, BlsSecretKey secret) : ISigner
    {
        private readonly byte[] _publicKey = Signatures.PublicKey(secret).ToBytes();

        public ISignatureScheme Scheme => scheme;

        public ReadOnlyMemory<byte> PublicKey => _publicKey;

        public void Sign(ReadOnlySpan<byte> message, Span<byte> signature)
        {
            if (signature.Length != scheme.SignatureBytes)
            {
                throw new ArgumentException($"A signature has {scheme.SignatureBytes} bytes, the destination has {signature.Length}.", nameof(signature));
            }

            Signatures.Sign(secret, message).Write(signature);
        }

        public void Dispose() => secret.Dispose();
    }
}
