namespace Bft.Engine;

/// <summary>
/// Who can be believed about what. Pure up to a cache of positive verdicts keyed by content; safe to call from any worker;
/// answers false to anything hostile.
/// </summary>
public interface IClaims
{
    /// <summary>The chain the claims are about.</summary>
    Chain Chain { get; }

    /// <summary>True when the vote's signer is a member of the epoch's committee and signed the statement.</summary>
    bool IsVote(in Vote vote);

    /// <summary>
    /// True when the certificate is of this epoch, its signers are a quorum of distinct members, and all of them signed; or when it
    /// is the genesis certificate, compared by content.
    /// </summary>
    bool IsCertificate(QuorumCertificate certificate);

    /// <summary>True when every run of the payload carries its client's signature (or the chain admits unsigned ones).</summary>
    bool IsPayload(Payload payload);
}
