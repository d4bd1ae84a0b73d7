using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Bft.Crypto;
using Bft.Engine;

namespace Bft.Network.Peers;

/// <summary>
/// Who a certificate belongs to: genesis pins the SHA-256 of each validator's SubjectPublicKeyInfo, and nothing else in a certificate
/// counts. An expired certificate with a pinned key is accepted, because expiry would halt a consortium on a calendar day;
/// a key is withdrawn by taking its validator out of the committee. Names, issuers and usages are ignored for the same reason.
/// </summary>
public sealed class CommitteePins
{
    private readonly FrozenDictionary<Digest, int> _replicas;

    /// <summary>Takes the pins of validator 0, 1, ….</summary>
    /// <exception cref="ArgumentException">Two validators have the same pin, or one has none: they could not be told apart.</exception>
    public CommitteePins(ImmutableArray<Digest> pins)
    {
        var replicas = new Dictionary<Digest, int>(pins.Length);
        for (int i = 0; i < pins.Length; i++)
        {
            if (pins[i].IsNone)
            {
                throw new ArgumentException($"Validator {i} has no TLS pin: put the SHA-256 of its certificate's public key into genesis.", nameof(pins));
            }

            if (!replicas.TryAdd(pins[i], i))
            {
                throw new ArgumentException($"Validators {replicas[pins[i]]} and {i} have the same TLS pin {pins[i]}: each needs a key of its own.", nameof(pins));
            }
        }

        _replicas = replicas.ToFrozenDictionary();
    }

    /// <summary>The number of validators.</summary>
    public int Count => _replicas.Count;

    /// <summary>The pin of a certificate: SHA-256 over its SubjectPublicKeyInfo (RFC 5280, section 4.1).</summary>
    /// <exception cref="CryptographicException">The key cannot be encoded.</exception>
    public static Digest PinOf(X509Certificate2 certificate) => new(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));

    /// <summary>The validator that holds the certificate's key; null for a stranger, no certificate or one that makes no sense.</summary>
    public ReplicaId? Find(X509Certificate? certificate)
    {
        if (certificate is not X509Certificate2 presented)
        {
            return null;
        }

        try
        {
            return _replicas.TryGetValue(PinOf(presented), out int replica) ? new ReplicaId(replica) : null;
        }
        catch (CryptographicException)
        {
            return null; // A stranger's key that cannot even be encoded is a stranger's.
        }
    }
}
