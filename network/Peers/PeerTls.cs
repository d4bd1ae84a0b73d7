using System.Security.Cryptography.X509Certificates;

namespace Bft.Network.Peers;

/// <summary>TLS settings both sides share.</summary>
internal static class PeerTls
{
    /// <summary>
    /// A chain policy that fetches nothing: the pin decides, and a stranger's certificate must not make us open the addresses it
    /// names (issuer and revocation URLs).
    /// </summary>
    public static X509ChainPolicy OfflinePolicy() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
        VerificationFlags = X509VerificationFlags.AllFlags,
    };
}
