using Bft.Engine;
using Microsoft.Extensions.Logging;

namespace Bft.Network.Gossip;

/// <summary>The lines this folder writes, each once a validator and minute.</summary>
internal static partial class GossipLog
{
    [LoggerMessage(1, LogLevel.Warning, "Dropped gossip from validator {Sender}: it is no batch of this chain")]
    public static partial void Malformed(ILogger logger, ReplicaId sender);

    [LoggerMessage(2, LogLevel.Warning, "Dropped gossip from validator {Sender}: validator {Origin}, its claimed origin, did not sign it")]
    public static partial void Forged(ILogger logger, ReplicaId sender, ReplicaId origin);

    [LoggerMessage(3, LogLevel.Warning, "Validator {Origin} signed two different gossip batches {Sequence}; the second is dropped")]
    public static partial void Conflicting(ILogger logger, ReplicaId origin, ulong sequence);

    [LoggerMessage(4, LogLevel.Warning, "Validator {Origin} spread a batch with a run that is malformed or not signed by its client; the batch is dropped")]
    public static partial void Unsound(ILogger logger, ReplicaId origin);

    [LoggerMessage(5, LogLevel.Warning, "Validator {Origin} spreads more than its rate; batches are dropped")]
    public static partial void OverRate(ILogger logger, ReplicaId origin);

    [LoggerMessage(6, LogLevel.Warning, "Too much gossip of validator {Sender} waits to be verified; batches are dropped")]
    public static partial void Crowded(ILogger logger, ReplicaId sender);

    [LoggerMessage(7, LogLevel.Error, "Verifying gossip of validator {Sender} failed; the batch is dropped")]
    public static partial void Failed(ILogger logger, Exception exception, ReplicaId sender);
}
