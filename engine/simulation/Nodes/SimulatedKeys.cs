using System.Collections.Immutable;
using System.Security.Cryptography;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;

namespace Bft.Simulation.Nodes;

/// <summary>
/// The keys of a committee and the scheme over them: <see cref="FastScheme"/>, which nobody inside the world can forge because only it holds the secrets, or
/// a production scheme with real keys out of the seed, proofs of possession and a dealer's shares included.
/// </summary>
public sealed class SimulatedKeys
{
    /// <summary>The name of <see cref="FastScheme"/> among those of <see cref="CertificateSchemes"/>.</summary>
    public const string Fast = "fast";

    private readonly FastScheme? _fast;
    private readonly ISigner[] _real;

    /// <summary>Makes the keys.</summary>
    /// <param name="replicas">n.</param>
    /// <param name="quorum">How many of them make a certificate.</param>
    /// <param name="seed">They follow from it.</param>
    /// <param name="scheme"><see cref="Fast"/> or one of <see cref="CertificateSchemes.Names"/>.</param>
    /// <exception cref="ArgumentException">There is no such scheme.</exception>
    public SimulatedKeys(int replicas, int quorum, ulong seed, string scheme)
    {
        if (scheme == Fast)
        {
            _real = [];
            _fast = new FastScheme(replicas, seed);
            Committee = new CommitteeKeys([], quorum);
            Scheme = _fast;
            return;
        }

        ISignatureScheme voting = CertificateSchemes.VotingScheme(scheme) ?? throw new ArgumentException(
            $"There is no certificate scheme \"{scheme}\"; known: {string.Join(", ", Names)}.", nameof(scheme));
        Scalar[] polynomial = voting is IDealsShares ? [.. Enumerable.Range(0, quorum).Select(i => Number(seed, i))] : [];
        byte[][] secrets = [.. Enumerable.Range(0, replicas).Select(replica => polynomial.Length > 0 ? Share(polynomial, replica) : Secret(seed, "replica"u8, replica))];
        _real = [.. secrets.Select(secret => voting.CreateSigner(secret))];
        Committee = new CommitteeKeys([.. _real.Select(signer => signer.PublicKey)], quorum)
        {
            Possessions = voting is IProvesPossession proving ? [.. secrets.Select(secret => (ReadOnlyMemory<byte>)proving.ProvePossession(secret))] : [],
            Commitments = [.. polynomial.Select(coefficient => (ReadOnlyMemory<byte>)(coefficient * G2Point.Generator).ToBytes())],
        };
        Scheme = CertificateSchemes.TryCreate(scheme, Committee, null, out KeyRefusal? refusal) ?? throw new InvalidOperationException($"The simulated keys of \"{scheme}\" are refused: {refusal}.");
    }

    /// <summary>The names that <see cref="SimulatedKeys(int, int, ulong, string)"/> knows.</summary>
    public static ImmutableArray<string> Names { get; } = [Fast, .. CertificateSchemes.Names];

    /// <summary>The certificate scheme.</summary>
    public ICertificateScheme Scheme { get; }

    /// <summary>What a genesis would say of the keys; without any for <see cref="Fast"/>.</summary>
    public CommitteeKeys Committee { get; }

    /// <summary>The key of a replica.</summary>
    public ISigner SignerOf(int replica) => _fast?.SignerOf(replica) ?? _real[replica];

    /// <summary>A real key that follows from a seed.</summary>
    public static ISigner RealKey(ulong seed, ReadOnlySpan<byte> purpose, int number) => SignatureSchemes.Ed25519.CreateSigner(Secret(seed, purpose, number));

    private static byte[] Secret(ulong seed, ReadOnlySpan<byte> purpose, int number) => SHA256.HashData([.. BitConverter.GetBytes(seed), .. purpose, .. BitConverter.GetBytes(number)]);

    // A dealer's polynomial that follows from the seed: the production one draws from the system, and a run could not be repeated.
    private static Scalar Number(ulong seed, int coefficient) =>
        Scalar.FromWideBytes([.. Secret(seed, "polynomial"u8, coefficient), .. Secret(seed, "polynomial, low"u8, coefficient).AsSpan(0, Scalar.WideBytes - SHA256.HashSizeInBytes)]);

    private static byte[] Share(Scalar[] polynomial, int replica)
    {
        var place = Scalar.FromInteger((ulong)replica + 1);
        Scalar value = Scalar.Zero;
        foreach (Scalar coefficient in polynomial.Reverse())
        {
            value = (value * place) + coefficient;
        }

        var bytes = new byte[Scalar.Bytes];
        value.Write(bytes);
        return bytes;
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
