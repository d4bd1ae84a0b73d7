using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Bft.Crypto.KeyStore;
using Bft.Crypto.Signatures;
using Bft.Crypto.Tls;
using Bft.Engine;

namespace Bft.Testnet.Homes;

/// <summary>The opened secrets of one validator, checked against what genesis says about it. Disposing erases them.</summary>
public sealed class ValidatorKeys : IDisposable
{
    /// <summary>The purpose of the consensus key in the key store.</summary>
    public const string ConsensusPurpose = "consensus";

    /// <summary>The purpose of the identity key in the key store.</summary>
    public const string IdentityPurpose = "identity";

    private ValidatorKeys(ISigner consensus, ISigner identity, X509Certificate2 certificate)
    {
        Consensus = consensus;
        Identity = identity;
        Certificate = certificate;
    }

    /// <summary>Signs statements. Only the voter may hold it.</summary>
    public ISigner Consensus { get; }

    /// <summary>Signs gossip and receipts.</summary>
    public ISigner Identity { get; }

    /// <summary>The TLS certificate with its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Opens the key store and the certificate of a home.</summary>
    /// <exception cref="HomeException">Passphrase, key store or certificate are missing, damaged or not those of genesis.</exception>
    public static ValidatorKeys Open(NodeSettings settings)
    {
        string store = settings.Home.Resolve(settings.Config.Keys);
        ImmutableArray<SecretKey> keys;
        try
        {
            keys = KeyStoreFile.Open(store, settings.Config.Passphrase.Read(settings.Home));
        }
        catch (KeyStoreException exception)
        {
            throw new HomeException(exception.Message.TrimEnd('.'), store, Todo(exception.Error), exception);
        }

        try
        {
            GenesisValidator self = settings.Self;
            SecretKey consensus = Find(keys, ConsensusPurpose, self.ConsensusKey.AsSpan(), store);
            SecretKey identity = Find(keys, IdentityPurpose, self.IdentityKey.AsSpan(), store);
            SecretKey tls = keys.FirstOrDefault(key => key.Purpose == TlsCertificate.KeyPurpose) ?? throw Missing(TlsCertificate.KeyPurpose, store);
            if (TlsPin.Of(tls.PublicKey.Span) != self.TlsPin)
            {
                throw Foreign(TlsCertificate.KeyPurpose, store);
            }

            X509Certificate2 certificate = LoadCertificate(settings.Home.Resolve(settings.Config.Certificate), tls);
            return new ValidatorKeys(consensus.CreateSigner(), identity.CreateSigner(), certificate);
        }
        catch (InvalidOperationException exception)
        {
            throw new HomeException(exception.Message, store, "restore the key store from a backup", exception);
        }
        finally
        {
            foreach (SecretKey key in keys)
            {
                key.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Consensus.Dispose();
        Identity.Dispose();
        Certificate.Dispose();
    }

    private static SecretKey Find(ImmutableArray<SecretKey> keys, string purpose, ReadOnlySpan<byte> publicKey, string store)
    {
        SecretKey key = keys.FirstOrDefault(candidate => candidate.Purpose == purpose) ?? throw Missing(purpose, store);
        return key.PublicKey.Span.SequenceEqual(publicKey) ? key : throw Foreign(purpose, store);
    }

    private static X509Certificate2 LoadCertificate(string path, SecretKey key)
    {
        byte[] pem = HomeFile.Read(path, 64 << 10, "restore the certificate, or run the ceremony again");
        try
        {
            return TlsCertificate.Load(System.Text.Encoding.ASCII.GetString(pem), key);
        }
        catch (ArgumentException exception)
        {
            throw new HomeException(exception.Message, path, "restore the certificate that was made with the keys", exception);
        }
    }

    private static HomeException Missing(string purpose, string store) => new($"the key store holds no \"{purpose}\" key", store, "restore the key store of this validator");

    private static HomeException Foreign(string purpose, string store) =>
        new($"the \"{purpose}\" key is not the one genesis names for this validator", store, "put back the key store of this validator; two homes may have been swapped");

    private static string Todo(KeyStoreError error) => error switch
    {
        KeyStoreError.WrongPassphrase => "name the right passphrase file or variable in config.json",
        KeyStoreError.NotFound => "restore the key store; without it this validator cannot sign",
        KeyStoreError.Corrupted => "restore the key store from a backup",
        _ => "see the message",
    };
}
