using Bft.Crypto;
using Bft.Engine.Encoding;
using Bft.Engine.Storage;
using Bft.Engine.Sync;
using Bft.Engine.Transport;

namespace Bft.Engine;

/// <summary>
/// Where bytes of a peer become verified messages, once. Pure apart from serving requests; runs on any worker, in order for one peer.
/// Nothing a peer sends can throw past it: the answer says what became of the message, and the caller counts it.
/// </summary>
/// <param name="ports">The replica's parts.</param>
/// <param name="claims">Who is believed.</param>
/// <param name="replica">Where verified messages go.</param>
/// <param name="inflow">Told what waits for the loop; null where nothing needs to be bounded (simulation).</param>
public sealed class Edge(ReplicaPorts ports, IClaims claims, Replica replica, IInflow? inflow = null)
{
    /// <summary>So many false messages of one peer are looked at in a row.</summary>
    internal const int MostRefusals = 64;

    /// <summary>What a decoded message that waits for the loop takes beside its bytes, about.</summary>
    private const int InputOverheadBytes = 256;

    /// <summary>The most bytes of blocks in one range answer.</summary>
    private const int MaxRangeBytes = 2 << 20;

    private readonly IClaims _counted = ports.Certificates is { ChecksVotesTogether: true } ? new CountedClaims(claims, ports.Certificates, replica.Suspects) : claims;

    // Client signatures in blocks that this replica does not wait for: a megabyte of transactions is thousands of them, seconds of processor time, whoever
    // sends it. At 60 µs each this is 6 % of a processor. An honest peer's block that finds none left is fetched later, when a certificate names it.
    private readonly Allowance _signatures = new(ports.Chain.Committee.Size, ports.Clock, perSecond: 1000, burst: 4096);

    // Messages that were not what they claimed: no honest peer sends any, and some cost a pairing to find out. Whoever used them up is not listened to.
    private readonly Allowance _refusals = new(ports.Chain.Committee.Size, ports.Clock, perSecond: 4, burst: MostRefusals);

    private readonly RequestBudget _budget = new(ports.Chain.Committee.Size, ports.Clock);

    /// <summary>Takes a consensus or repair message.</summary>
    public EdgeVerdict OnMessage(ReplicaId sender, ReadOnlyMemory<byte> message)
    {
        if (message.Length < 2 || !ports.Chain.Committee.Contains(sender))
        {
            return EdgeVerdict.Refused;
        }

        return (TrafficClass)message.Span[0] switch
        {
            TrafficClass.Consensus when !_refusals.IsLeft(sender, 1) => EdgeVerdict.Throttled,
            TrafficClass.Consensus => Charged(sender, OnConsensus(sender, message)),
            TrafficClass.Repair => OnRepair(sender, message),
            _ => EdgeVerdict.Refused,
        };
    }

    private EdgeVerdict Charged(ReplicaId sender, EdgeVerdict verdict)
    {
        if (verdict == EdgeVerdict.Refused)
        {
            _refusals.Take(sender, 1);
        }

        return verdict;
    }

    private EdgeVerdict OnConsensus(ReplicaId sender, ReadOnlyMemory<byte> bytes)
    {
        ProtocolMessage? message = WireMessage.Decode(ports.Chain, ports.Protocol, bytes);
        if (message is null || !message.Verify(sender, _counted))
        {
            return EdgeVerdict.Refused;
        }

        EdgeVerdict verdict = message.CarriedBlock is { } block ? JudgePayload(sender, block) : EdgeVerdict.Taken;
        if (verdict == EdgeVerdict.Taken)
        {
            Hand(sender, bytes.Length, new Input.Received(sender, message));
        }

        return verdict;
    }

    // The dear part last, and only as far as the block can matter: nobody votes in a view that is past, and who is not the leader that this
    // replica waits for may not keep its processors busy.
    private EdgeVerdict JudgePayload(ReplicaId sender, Block block)
    {
        int unverified = claims.Unverified(block.Payload);
        ProtocolStatus status = replica.Status;
        if (unverified > 0 && !status.Awaits(block.View, block.Header.Proposer))
        {
            if (block.View < status.View)
            {
                return EdgeVerdict.Unasked;
            }

            if (!_signatures.TryTake(sender, unverified))
            {
                return EdgeVerdict.Throttled;
            }
        }

        return claims.IsPayload(block.Payload) ? EdgeVerdict.Taken : EdgeVerdict.Refused;
    }

    private EdgeVerdict OnRepair(ReplicaId sender, ReadOnlyMemory<byte> bytes)
    {
        var reader = new CanonicalReader(bytes);
        reader.Byte();
        switch ((RepairKind)reader.Byte())
        {
            case RepairKind.BlockRequest:
                return OnBlockRequest(sender, ref reader);
            case RepairKind.Block:
                return OnBlock(sender, ref reader);
            case RepairKind.RangeRequest:
                return OnRangeRequest(sender, ref reader);
            case RepairKind.Range:
                return OnRange(sender, ref reader);
            case RepairKind.HeadRequest:
                return OnHeadRequest(sender, ref reader);
            case RepairKind.Head:
                var head = new HeadArrived(sender, new Height(reader.Ordinal()), new View(reader.Ordinal()), reader.UInt64());
                if (reader.Complete)
                {
                    Hand(sender, bytes.Length, head);
                }

                return reader.Complete ? EdgeVerdict.Taken : EdgeVerdict.Refused;
            default:
                return EdgeVerdict.Refused;
        }
    }

    private EdgeVerdict OnHeadRequest(ReplicaId sender, ref CanonicalReader reader)
    {
        ulong nonce = reader.UInt64();
        if (!reader.Complete)
        {
            return EdgeVerdict.Refused;
        }

        if (!_budget.TryBegin(sender))
        {
            return EdgeVerdict.Throttled;
        }

        Answer(sender, RepairKind.Head, RepairMessages.Head(replica.CommittedHeight, replica.Status.View, nonce));
        return EdgeVerdict.Taken;
    }

    private EdgeVerdict OnBlockRequest(ReplicaId sender, ref CanonicalReader reader)
    {
        Digest digest = reader.Digest();
        if (!reader.Complete)
        {
            return EdgeVerdict.Refused;
        }

        if (!_budget.TryBegin(sender))
        {
            return EdgeVerdict.Throttled;
        }

        if (replica.FindBlock(digest) is { } block)
        {
            Answer(sender, RepairKind.Block, RepairMessages.Block(block));
        }

        return EdgeVerdict.Taken;
    }

    private EdgeVerdict OnBlock(ReplicaId sender, ref CanonicalReader reader)
    {
        ReadOnlyMemory<byte> encoded = reader.Raw(reader.Remaining);
        var peek = new CanonicalReader(encoded);
        BlockHeader header = BlockHeader.Decode(ref peek);
        if (peek.Failed)
        {
            return EdgeVerdict.Refused;
        }

        if (!replica.Expects(header.DigestOn(ports.Chain)))
        {
            return EdgeVerdict.Unasked;
        }

        if (!Block.TryDecode(ports.Chain, encoded, out Block? block) ||
            (block!.Justify is { } justify && !claims.IsCertificate(justify)) ||
            !claims.IsPayload(block.Payload))
        {
            return EdgeVerdict.Refused;
        }

        Hand(sender, encoded.Length, new BlockArrived(sender, block));
        return EdgeVerdict.Taken;
    }

    private EdgeVerdict OnRangeRequest(ReplicaId sender, ref CanonicalReader reader)
    {
        var first = new Height(reader.Ordinal());
        int count = reader.UInt16();
        if (!reader.Complete || first.Value == 0 || count is 0 or > RepairMessages.MaxRangeBlocks)
        {
            return EdgeVerdict.Refused;
        }

        if (!_budget.TryBegin(sender))
        {
            return EdgeVerdict.Throttled;
        }

        List<ReadOnlyMemory<byte>> blocks = [];
        int bytes = 0;
        ILedger ledger = ports.Ledger;
        for (Height height = first; blocks.Count < count && bytes < MaxRangeBytes && height <= ledger.Height; height = height.Next())
        {
            if (!ledger.TryReadEncoded(height, out ReadOnlyMemory<byte> block))
            {
                break;
            }

            blocks.Add(block);
            bytes += block.Length;
        }

        Answer(sender, RepairKind.Range, RepairMessages.EncodedRange(first, blocks));
        return EdgeVerdict.Taken;
    }

    // Each block is committed by its own proof. Its clients' signatures were judged by the quorum that voted for it. The certificate inside
    // is no part of the digest that they voted for: unchecked, a peer could put anything into this replica's ledger, to fail its audit for ever.
    private EdgeVerdict OnRange(ReplicaId sender, ref CanonicalReader reader)
    {
        var first = new Height(reader.Ordinal());
        int count = reader.UInt16();
        if (reader.Failed || count > RepairMessages.MaxRangeBlocks)
        {
            return EdgeVerdict.Refused;
        }

        if (!replica.Expects(sender, first))
        {
            return EdgeVerdict.Unasked;
        }

        List<CommittedBlock> blocks = new(count);
        for (int i = 0; i < count; i++)
        {
            if (CommittedBlock.Decode(ports.Chain, ref reader) is not { } block ||
                block.Block.Height.Value != first.Value + (ulong)i ||
                !JustifyFits(block) ||
                !ports.Protocol.CommitRule(block.Block.Header, block.Proof, claims))
            {
                return EdgeVerdict.Refused;
            }

            blocks.Add(block);
        }

        if (!reader.Complete)
        {
            return EdgeVerdict.Refused;
        }

        Hand(sender, reader.Position, new RangeArrived(sender, first, blocks));
        return EdgeVerdict.Taken;
    }

    // Where certificates chain the blocks, the one inside is the parent's: nothing else may stand in a ledger.
    private bool JustifyFits(CommittedBlock block) => block.HasFittingJustify && (block.Block.Justify is not { } justify || claims.IsCertificate(justify));

    private void Hand(ReplicaId sender, int bytes, object input)
    {
        if (inflow is null)
        {
            replica.Post(input);
            return;
        }

        int cost = bytes + InputOverheadBytes;
        inflow.Hold(sender, cost);
        replica.Post(input, inflow, sender, cost);
    }

    private void Answer(ReplicaId to, RepairKind kind, byte[] message)
    {
        _budget.Charge(to, message.Length);
        ports.Meter.Sent(TrafficClass.Repair, (byte)kind, Phase.CatchUp, message.Length, 0);
        ports.Transport.Send(to, TrafficClass.Repair, message);
    }
}
