using Bft.Engine.Encoding;

namespace Bft.Engine.HotStuff;

/// <summary>A leader's block with its authorship, and the timeout certificate that led to the view, if one did.</summary>
public sealed class ProposalMessage(Vote authorship, Block block, QuorumCertificate? timeoutCertificate) : ProtocolMessage
{
    /// <summary>The kind on the wire.</summary>
    public const byte WireKind = 1;

    /// <summary>The leader's signed <see cref="StatementKind.Proposal"/>.</summary>
    public Vote Authorship { get; } = authorship;

    /// <summary>The block.</summary>
    public Block Block { get; } = block;

    /// <summary>Why the view was entered without a certificate of the view before; null in the steady state.</summary>
    public QuorumCertificate? TimeoutCertificate { get; } = timeoutCertificate;

    /// <inheritdoc/>
    public override byte Kind => WireKind;

    /// <inheritdoc/>
    public override Phase Phase => TimeoutCertificate is null ? Phase.Steady : Phase.ViewChange;

    /// <inheritdoc/>
    public override int Authenticators => 1 + (Block.Justify?.Authenticators ?? 0) + (TimeoutCertificate?.Authenticators ?? 0);

    /// <inheritdoc/>
    public override Block CarriedBlock => Block;

    /// <inheritdoc/>
    public override void Encode(CanonicalWriter writer)
    {
        Authorship.Encode(writer);
        QuorumCertificate.EncodeOptional(TimeoutCertificate, writer);
        writer.Bytes(Block.Encoded.Span);
    }

    /// <summary>The author is the block's proposer and signed it for its view; whoever relays it may be another. The edge checks the payload.</summary>
    public override bool Verify(ReplicaId sender, IClaims claims) =>
        Authorship.Statement == ProposalStatement(Block) &&
        Authorship.Signer == Block.Header.Proposer &&
        Block.Justify is { } justify &&
        claims.IsVote(Authorship) &&
        claims.IsCertificate(justify) &&
        (TimeoutCertificate is null || HotStuffMessages.IsTimeoutCertificate(TimeoutCertificate, claims));

    /// <summary>What the author signs.</summary>
    public static Statement ProposalStatement(Block block) =>
        new(StatementKind.Proposal, block.Header.Epoch, block.View, block.Height, block.Digest);
}

/// <summary>A vote for a block, to the leader of the next view.</summary>
public sealed class VoteMessage(Vote vote) : ProtocolMessage
{
    /// <summary>The kind on the wire.</summary>
    public const byte WireKind = 2;

    /// <summary>The vote.</summary>
    public Vote Vote { get; } = vote;

    /// <inheritdoc/>
    public override byte Kind => WireKind;

    /// <inheritdoc/>
    public override Phase Phase => Phase.Steady;

    /// <inheritdoc/>
    public override Vote? CarriedVote => Vote;

    /// <inheritdoc/>
    public override int Authenticators => 1;

    /// <inheritdoc/>
    public override void Encode(CanonicalWriter writer) => Vote.Encode(writer);

    /// <inheritdoc/>
    public override bool Verify(ReplicaId sender, IClaims claims) => Vote.Statement.Kind == StatementKind.Vote && claims.MayCount(Vote, sender);
}

/// <summary>A replica gives up on a view, and shows the best certificates it has.</summary>
public sealed class TimeoutMessage(Vote timeout, QuorumCertificate highQc, QuorumCertificate? lastTc) : ProtocolMessage
{
    /// <summary>The kind on the wire.</summary>
    public const byte WireKind = 3;

    /// <summary>The signed <see cref="StatementKind.Timeout"/>.</summary>
    public Vote Timeout { get; } = timeout;

    /// <summary>The sender's highest certificate.</summary>
    public QuorumCertificate HighQc { get; } = highQc;

    /// <summary>The timeout certificate that brought the sender into its view, if one did.</summary>
    public QuorumCertificate? LastTc { get; } = lastTc;

    /// <inheritdoc/>
    public override byte Kind => WireKind;

    /// <inheritdoc/>
    public override Phase Phase => Phase.ViewChange;

    /// <inheritdoc/>
    public override Vote? CarriedVote => Timeout;

    /// <inheritdoc/>
    public override int Authenticators => 1 + HighQc.Authenticators + (LastTc?.Authenticators ?? 0);

    /// <inheritdoc/>
    public override void Encode(CanonicalWriter writer)
    {
        Timeout.Encode(writer);
        HighQc.Encode(writer);
        QuorumCertificate.EncodeOptional(LastTc, writer);
    }

    /// <inheritdoc/>
    public override bool Verify(ReplicaId sender, IClaims claims) =>
        Timeout.Statement == HotStuffMessages.TimeoutStatement(Timeout.Statement.Epoch, Timeout.Statement.View) &&
        claims.MayCount(Timeout, sender) &&
        HighQc.Statement.Kind == StatementKind.Vote &&
        claims.IsCertificate(HighQc) &&
        (LastTc is null || HotStuffMessages.IsTimeoutCertificate(LastTc, claims));
}

/// <summary>Certificates for a replica that is views behind: it synchronises by them, not by the sender's word.</summary>
public sealed class CertificatesMessage(QuorumCertificate highQc, QuorumCertificate? lastTc) : ProtocolMessage
{
    /// <summary>The kind on the wire.</summary>
    public const byte WireKind = 4;

    /// <summary>The sender's highest certificate.</summary>
    public QuorumCertificate HighQc { get; } = highQc;

    /// <summary>The sender's latest timeout certificate, if any.</summary>
    public QuorumCertificate? LastTc { get; } = lastTc;

    /// <inheritdoc/>
    public override byte Kind => WireKind;

    /// <inheritdoc/>
    public override Phase Phase => Phase.CatchUp;

    /// <inheritdoc/>
    public override int Authenticators => HighQc.Authenticators + (LastTc?.Authenticators ?? 0);

    /// <inheritdoc/>
    public override void Encode(CanonicalWriter writer)
    {
        HighQc.Encode(writer);
        QuorumCertificate.EncodeOptional(LastTc, writer);
    }

    /// <inheritdoc/>
    public override bool Verify(ReplicaId sender, IClaims claims) =>
        HighQc.Statement.Kind == StatementKind.Vote &&
        claims.IsCertificate(HighQc) &&
        (LastTc is null || HotStuffMessages.IsTimeoutCertificate(LastTc, claims));
}

/// <summary>Decoding, and the statements behind the messages.</summary>
public static class HotStuffMessages
{
    /// <summary>What a replica signs to give up on a view: no slot, no subject, so that all of them are one statement and one certificate.</summary>
    public static Statement TimeoutStatement(Epoch epoch, View view) => new(StatementKind.Timeout, epoch, view, default, default);

    /// <summary>What a replica signs to vote for a block: its view is inside.</summary>
    public static Statement VoteStatement(Block block) =>
        new(StatementKind.Vote, block.Header.Epoch, block.View, block.Height, block.Digest);

    /// <summary>True for a valid certificate over a timeout statement; genesis' certificate is none.</summary>
    public static bool IsTimeoutCertificate(QuorumCertificate certificate, IClaims claims) =>
        certificate.View.Value > 0 &&
        certificate.Statement == TimeoutStatement(certificate.Statement.Epoch, certificate.View) &&
        claims.IsCertificate(certificate);

    /// <summary>Decodes a message; null for an unknown kind.</summary>
    public static ProtocolMessage? Decode(Chain chain, byte kind, ref CanonicalReader reader)
    {
        switch (kind)
        {
            case ProposalMessage.WireKind:
                Vote authorship = Vote.Decode(ref reader);
                QuorumCertificate? timeoutCertificate = QuorumCertificate.DecodeOptional(ref reader);
                ReadOnlyMemory<byte> encoded = reader.Bytes(chain.Limits.MaxBlockBytes);
                if (reader.Failed || !Block.TryDecode(chain, encoded, out Block? block))
                {
                    reader.Fail();
                    return null;
                }

                return new ProposalMessage(authorship, block!, timeoutCertificate);
            case VoteMessage.WireKind:
                return new VoteMessage(Vote.Decode(ref reader));
            case TimeoutMessage.WireKind:
                return new TimeoutMessage(Vote.Decode(ref reader), QuorumCertificate.Decode(ref reader), QuorumCertificate.DecodeOptional(ref reader));
            case CertificatesMessage.WireKind:
                return new CertificatesMessage(QuorumCertificate.Decode(ref reader), QuorumCertificate.DecodeOptional(ref reader));
            default:
                return null;
        }
    }
}
