using System.Security.Cryptography;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;

namespace Bft.Simulation;

/// <summary>
/// A signature scheme for simulations: as cheap as a hash, and nobody inside the simulated world can forge it, because verification
/// needs the secrets that only this object holds. Never for anything real.
/// </summary>
public sealed class FastScheme : ICertificateScheme
{
    /// <summary>Length of one signature in bytes.</summary>
    public const int SignatureLength = 32;

    private readonly SimulatedHash.Mixing[] _secrets;

    /// <summary>Makes keys for that many replicas out of a seed.</summary>
    public FastScheme(int replicas, ulong seed)
    {
        _secrets = new SimulatedHash.Mixing[replicas];
        for (int i = 0; i < replicas; i++)
        {
            ReadOnlySpan<byte> secret = SHA256.HashData([.. BitConverter.GetBytes(seed), .. BitConverter.GetBytes(i)]);
            _secrets[i] = new SimulatedHash.Mixing(
                BitConverter.ToUInt64(secret), BitConverter.ToUInt64(secret[8..]), BitConverter.ToUInt64(secret[16..]), BitConverter.ToUInt64(secret[24..]));
        }
    }

    /// <inheritdoc/>
    public string Name => "simulated";

    /// <inheritdoc/>
    public int Replicas => _secrets.Length;

    /// <inheritdoc/>
    public int VoteSignatureBytes => SignatureLength;

    /// <inheritdoc/>
    public bool IsList => true;

    /// <inheritdoc/>
    public bool CombinesInline => true;

    /// <inheritdoc/>
    public int CertificateBytes(int signers) => signers * SignatureLength;

    /// <summary>The key of a replica.</summary>
    public ISigner SignerOf(int replica) => new Signer(this, replica);

    /// <inheritdoc/>
    public bool VerifyVote(int signer, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if ((uint)signer >= (uint)_secrets.Length || signature.Length != SignatureLength)
        {
            return false;
        }

        Span<byte> expected = stackalloc byte[SignatureLength];
        Sign(signer, message, expected);
        return expected.SequenceEqual(signature);
    }

    /// <inheritdoc/>
    public byte[] Combine(ReadOnlySpan<int> signers, IReadOnlyList<ReadOnlyMemory<byte>> signatures)
    {
        var certificate = new byte[signers.Length * SignatureLength];
        for (int i = 0; i < signers.Length; i++)
        {
            signatures[i].Span.CopyTo(certificate.AsSpan(i * SignatureLength));
        }

        return certificate;
    }

    /// <inheritdoc/>
    public bool VerifyCertificate(ReadOnlySpan<int> signers, ReadOnlySpan<byte> message, ReadOnlySpan<byte> certificate)
    {
        if (certificate.Length != signers.Length * SignatureLength)
        {
            return false;
        }

        int previous = -1;
        for (int i = 0; i < signers.Length; i++)
        {
            if (signers[i] <= previous || !VerifyVote(signers[i], message, certificate.Slice(i * SignatureLength, SignatureLength)))
            {
                return false;
            }

            previous = signers[i];
        }

        return true;
    }

    private void Sign(int signer, ReadOnlySpan<byte> message, Span<byte> signature)
    {
        SimulatedHash.Mixing keyed = _secrets[signer];
        keyed.Absorb(message);
        keyed.Finish(signature);
    }

    private sealed class Signer(FastScheme scheme, int replica) : ISigner, ISignatureScheme
    {
        public ISignatureScheme Scheme => this;

        public ReadOnlyMemory<byte> PublicKey { get; } = BitConverter.GetBytes(replica);

        public string Name => scheme.Name;

        public byte Code => 0xFE;

        public int PublicKeyBytes => 4;

        public int SignatureBytes => SignatureLength;

        public bool IsValidPublicKey(ReadOnlySpan<byte> publicKey) => publicKey.Length == 4;

        public void Sign(ReadOnlySpan<byte> message, Span<byte> signature) => scheme.Sign(replica, message, signature);

        public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
            publicKey.Length == 4 && scheme.VerifyVote(BitConverter.ToInt32(publicKey), message, signature);

        public ISigner CreateSigner(ReadOnlySpan<byte> seed) => this;

        public void Dispose()
        {
        }
    }
}
