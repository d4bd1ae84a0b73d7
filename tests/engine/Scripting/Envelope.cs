using Bft.Engine.HotStuff;

namespace Bft.Engine.Tests.Scripting;

/// <summary>A message between sender and receiver, held until the script lets it through.</summary>
/// <param name="From">The wire peer.</param>
/// <param name="To">The receiver.</param>
/// <param name="Message">What it says; null for a repair message.</param>
/// <param name="Bytes">What travels.</param>
internal sealed record Envelope(int From, int To, ProtocolMessage? Message, ReadOnlyMemory<byte> Bytes)
{
    public bool IsRepair => Message is null;

    public bool IsProposal => Message is ProposalMessage;

    public bool IsVote => Message is VoteMessage;

    public bool IsTimeout => Message is TimeoutMessage;

    /// <summary>The view a message is of; 0 for messages of none.</summary>
    public ulong View => Message switch
    {
        ProposalMessage proposal => proposal.Block.View.Value,
        VoteMessage vote => vote.Vote.Statement.View.Value,
        TimeoutMessage timeout => timeout.Timeout.Statement.View.Value,
        _ => 0,
    };

    /// <summary>Everything its author signed for the first time in it.</summary>
    public Vote? Signed => Message switch
    {
        ProposalMessage proposal => proposal.Authorship,
        VoteMessage vote => vote.Vote,
        TimeoutMessage timeout => timeout.Timeout,
        _ => null,
    };

    /// <summary>The block certificates it shows.</summary>
    public IEnumerable<QuorumCertificate> Certificates => Message switch
    {
        ProposalMessage proposal => [proposal.Block.Justify!],
        TimeoutMessage timeout => [timeout.HighQc],
        CertificatesMessage certificates => [certificates.HighQc],
        _ => [],
    };
}
