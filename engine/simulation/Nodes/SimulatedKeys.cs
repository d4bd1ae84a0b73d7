using System.Security.Cryptography;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;

namespace Bft.Simulation.Nodes;

/// <summary>
/// The keys of a committee and the scheme over them: <see cref="FastScheme"/>, which nobody inside the world can forge because only it holds the secrets, or
/// the production scheme with real Ed25519 keys out of the seed.
/// </summary>
public sealed class SimulatedKeys
{
    private readonly FastScheme? _fast;
    private readonly ISigner[] _real;

    /// <summary>Makes the keys.</summary>
    /// <param name="replicas">n.</param>
    /// <param name="seed">They follow from it.</param>
    /// <param name="real">True for Ed25519.</param>
    public SimulatedKeys(int replicas, ulong seed, bool real)
    {
        _real = real ? [.. Enumerable.Range(0, replicas).Select(replica => RealKey(seed, "replica"u8, replica))] : [];
        _fast = real ? null : new FastScheme(replicas, seed);
        Scheme = _fast ?? CertificateSchemes.Create("ed25519", [.. _real.Select(signer => signer.PublicKey)]);
    }

    /// <summary>The certificate scheme.</summary>
    public ICertificateScheme Scheme { get; }

    /// <summary>The key of a replica.</summary>
    public ISigner SignerOf(int replica) => _fast?.SignerOf(replica) ?? _real[replica];

    /// <summary>A real key that follows from a seed.</summary>
    public static ISigner RealKey(ulong seed, ReadOnlySpan<byte> purpose, int number)
    {
        byte[] secret = SHA256.HashData([.. BitConverter.GetBytes(seed), .. purpose, .. BitConverter.GetBytes(number)]);
        return SignatureSchemes.Ed25519.CreateSigner(secret);
    }
}

/// <summary>Tells of each signature that is made, before anybody else knows it.</summary>
internal sealed class WitnessedSigner(ISigner signer, Action<byte[], byte[]> witness) : ISigner
{
    public ISignatureScheme Scheme => signer.Scheme;

    public ReadOnlyMemory<byte> PublicKey => signer.PublicKey;

    public void Sign(ReadOnlySpan<byte> message, Span<byte> signature)
    {
        signer.Sign(message, signature);
        witness(message.ToArray(), signature.ToArray());
    }

    public void Dispose()
    {
        // The keys outlive the simulated process that used them.
    }
}
