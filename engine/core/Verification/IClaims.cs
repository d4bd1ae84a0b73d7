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
    /// True when the vote may be counted towards a certificate: it is good, or it came from its signer itself and will be checked together with others when a certificate
    /// is built of them. For votes that are used for nothing else.
    /// </summary>
    /// <param name="vote">The vote.</param>
    /// <param name="sender">The wire peer.</param>
    bool MayCount(in Vote vote, ReplicaId sender) => IsVote(vote);

    /// <summary>
    /// True when the certificate is of this epoch, its signers are a quorum of distinct members, and all of them signed (or it names nobody, and a
    /// quorum must have signed); or when it
    /// is the genesis certificate, compared by content.
    /// </summary>
    bool IsCertificate(QuorumCertificate certificate);

    /// <summary>True when every run of the payload carries its client's signature (or the chain admits unsigned ones).</summary>
    bool IsPayload(Payload payload);

    /// <summary>How many client signatures <see cref="IsPayload"/> would have to verify now: those that were not verified before.</summary>
    int Unverified(Payload payload) => 0;
}
