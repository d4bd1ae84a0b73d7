using Bft.Engine.SharedKeys;
using Bft.Network.Protocol;
using Google.Protobuf;

namespace Bft.Network.Api.Rpc;

/// <summary>A validator's status as protobuf.</summary>
internal static class StatusReplies
{
    public static StatusReply Of(IValidatorGateway gateway)
    {
        StatusAnswer status = gateway.Status();
        var reply = new StatusReply
        {
            ChainId = ByteString.CopyFrom(gateway.Chain.Id.ToArray()),
            Protocol = gateway.Chain.Protocol,
            Validator = (uint)gateway.Self.Value,
            Height = status.Height.Value,
            ExecutedHeight = status.ExecutedHeight.Value,
            View = status.View.Value,
            Leader = status.Leader?.Value ?? -1,
            Head = ByteString.CopyFrom(status.Head.ToArray()),
            StateRoot = ByteString.CopyFrom(status.StateRoot.ToArray()),
            CommittedTransactions = status.CommittedTransactions,
            Mempool = (uint)status.Mempool,
            Voting = status.Voting,
            NotVotingBecause = status.NotVotingBecause ?? string.Empty,
            TransactionsPerSecond = status.TransactionsPerSecond,
            BlocksPerSecond = status.BlocksPerSecond,
            ViewChanges = status.ViewChanges,
            Scheme = gateway.Genesis.Scheme,
            Backend = gateway.Backend,
        };
        foreach (PeerAnswer peer in status.Peers)
        {
            reply.Peers.Add(new PeerStatus
            {
                Id = (uint)peer.Id.Value,
                Name = gateway.Genesis.Validators[peer.Id.Value].Name,
                Connected = peer.Connected,
                Height = peer.Height.Value,
            });
        }

        if (status.SharedKeys is { } keys)
        {
            reply.SharedKeyBefore = Encoded(keys.Before);
            reply.SharedKey = Encoded(keys.Key);
            reply.SharedKeyFailure = Encoded(keys.Failure);
            if (keys.Running is { } running)
            {
                reply.Generation = ByteString.CopyFrom(running.Id.ToArray());
                reply.GenerationPhase = (uint)running.Phase;
                reply.GenerationDeadline = running.Deadline.Value;
            }
        }

        return reply;
    }

    private static ByteString Encoded(SharedKeyOutcome? outcome) => outcome is null ? ByteString.Empty : ByteString.CopyFrom(outcome.Encode());
}
