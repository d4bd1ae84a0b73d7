using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.HotStuff;
using Bft.Engine.Transport;

namespace Bft.Simulation.Traitors.HotStuff;

/// <summary>
/// What a traitor can say in HotStuff's own words: certificates whose view is inflated, views that nobody is in, proposals on stale certificates or two in one view,
/// blocks whose parent is not what their certificate certifies, votes for what does not exist. It uses what it hears and its own key.
/// </summary>
public sealed class HotStuffLies : Strategy
{
    private readonly List<QuorumCertificate> _certificates = [];
    private readonly List<Block> _blocks = [];

    /// <inheritdoc/>
    public override FaultKind Fault => FaultKind.Lying;

    /// <inheritdoc/>
    public override TimeSpan Interval => TimeSpan.FromMilliseconds(12);

    /// <inheritdoc/>
    public override bool Receive(Traitor self, ReplicaId from, byte[] bytes)
    {
        if (bytes.Length > 1 && bytes[0] == (byte)TrafficClass.Consensus && WireMessage.Decode(self.World.Chain, self.World.Protocol, bytes) is { } message)
        {
            Learn(self, message);
        }

        return true;
    }

    /// <inheritdoc/>
    public override void Tick(Traitor self)
    {
        ReplicaId victim = self.Someone();
        View view = self.Instance.Replica.Status.View;
        Epoch epoch = self.World.Chain.Committee.Epoch;
        QuorumCertificate certificate = _certificates.Count == 0 ? self.World.Chain.GenesisCertificate : _certificates[self.Random.Below(_certificates.Count)];
        switch (self.Random.Below(6))
        {
            case 0:
                var far = new View(self.Random.Below(2) == 0 ? 1_000_000_000 : view.Value + (ulong)self.Random.Between(0, 3));
                self.Send(victim, new TimeoutMessage(self.Sign(HotStuffMessages.TimeoutStatement(epoch, far)), certificate, null));
                break;
            case 1:
                Statement inflated = certificate.Statement with { View = new View(certificate.View.Value + (ulong)self.Random.Between(1, 100)) };
                self.Send(victim, new CertificatesMessage(new QuorumCertificate(inflated, certificate.Signers, certificate.Signature), null));
                break;
            case 2:
                self.Send(victim, new CertificatesMessage(certificate, null));
                break;
            case 3:
                Propose(self, view, certificate, certificate.Statement.Subject);
                break;
            case 4 when _blocks.Count > 0:
                Propose(self, view, certificate, _blocks[self.Random.Below(_blocks.Count)].Digest);
                break;
            default:
                Span<byte> nothing = stackalloc byte[Digest.Size];
                BitConverter.TryWriteBytes(nothing, self.Random.Next());
                self.Send(victim, new VoteMessage(self.Sign(new Statement(StatementKind.Vote, epoch, view, new Height(view.Value), new Digest(nothing)))));
                break;
        }
    }

    // Two proposals for one view, one for each half of the others.
    private static void Propose(Traitor self, View view, QuorumCertificate certificate, Digest parent)
    {
        Chain chain = self.World.Chain;
        for (int side = 0; side < 2; side++)
        {
            var header = new BlockHeader(
                chain.Committee.Epoch, certificate.Statement.Slot.Next(), view, parent, Payload.Empty(chain).Root, default, self.Id, 1_700_000_000_000 + (ulong)side);
            var block = new Block(chain, header, Payload.Empty(chain), certificate);
            var proposal = new ProposalMessage(self.Sign(ProposalMessage.ProposalStatement(block)), block, null);
            for (int i = side; i < chain.Committee.Size; i += 2)
            {
                if (i != self.Id.Value)
                {
                    self.Send(new ReplicaId(i), proposal);
                }
            }
        }
    }

    private void Learn(Traitor self, ProtocolMessage message)
    {
        QuorumCertificate? heard = message switch
        {
            ProposalMessage proposal => proposal.Block.Justify,
            TimeoutMessage timeout => timeout.HighQc,
            CertificatesMessage certificates => certificates.HighQc,
            _ => null,
        };
        if (heard is not null)
        {
            Keep(self, _certificates, heard);
        }

        if (message.CarriedBlock is { } block)
        {
            Keep(self, _blocks, block);
        }
    }

    private static void Keep<T>(Traitor self, List<T> kept, T item)
    {
        if (kept.Count < 64)
        {
            kept.Add(item);
        }
        else
        {
            kept[self.Random.Below(64)] = item;
        }
    }
}
