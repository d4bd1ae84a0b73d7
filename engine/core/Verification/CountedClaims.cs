using Bft.Crypto.Certificates;

namespace Bft.Engine;

/// <summary>
/// One replica's judge under a scheme that checks votes together: a vote that comes from its signer itself may be counted at once; it is checked when a certificate is built.
/// Everything else is judged as strictly as ever.
/// </summary>
/// <remarks>Were a vote taken that came by way of another, that other could put a lie in the signer's name and have an honest replica suspected.</remarks>
/// <param name="claims">The strict judge.</param>
/// <param name="scheme">The certificate scheme.</param>
/// <param name="suspects">Whose votes are not taken on trust.</param>
internal sealed class CountedClaims(IClaims claims, ICertificateScheme scheme, Suspects suspects) : IClaims
{
    /// <inheritdoc/>
    public Chain Chain => claims.Chain;

    /// <inheritdoc/>
    public bool IsVote(in Vote vote) => claims.IsVote(vote);

    /// <inheritdoc/>
    public bool MayCount(in Vote vote, ReplicaId sender)
    {
        // Votes go from their signer to who counts them; checking one that came another way is a pairing, and nobody honest sends it.
        if (vote.Signer != sender || !Chain.Committee.Contains(sender) || vote.Statement.Epoch != Chain.Committee.Epoch)
        {
            return false;
        }

        if (!suspects.Contains(sender))
        {
            return vote.Signature.Length == scheme.VoteSignatureBytes;
        }

        if (!suspects.IsWorthACheck(sender))
        {
            return false;
        }

        bool good = claims.IsVote(vote);
        if (good)
        {
            suspects.Behaved(sender);
        }
        else
        {
            suspects.Add(sender);
        }

        return good;
    }

    /// <inheritdoc/>
    public bool IsCertificate(QuorumCertificate certificate) => claims.IsCertificate(certificate);

    /// <inheritdoc/>
    public bool IsPayload(Payload payload) => claims.IsPayload(payload);

    /// <inheritdoc/>
    public int Unverified(Payload payload) => claims.Unverified(payload);
}
