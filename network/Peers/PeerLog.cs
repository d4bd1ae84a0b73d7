using Bft.Engine;
using Microsoft.Extensions.Logging;

namespace Bft.Network.Peers;

/// <summary>The lines this folder writes. What a peer can cause goes through a <see cref="LogThrottle"/> first.</summary>
internal static partial class PeerLog
{
    [LoggerMessage(1, LogLevel.Information, "Validators reach us on {Endpoint}")]
    public static partial void Listening(ILogger logger, System.Net.IPEndPoint endpoint);

    [LoggerMessage(2, LogLevel.Information, "Connected to validator {Peer} at {Address}")]
    public static partial void Connected(ILogger logger, ReplicaId peer, string address);

    [LoggerMessage(3, LogLevel.Warning, "No link to validator {Peer} at {Address}: {Reason}; trying again")]
    public static partial void Disconnected(ILogger logger, ReplicaId peer, string address, string reason);

    [LoggerMessage(4, LogLevel.Information, "Validator {Peer} connected to us")]
    public static partial void Accepted(ILogger logger, ReplicaId peer);

    [LoggerMessage(5, LogLevel.Warning, "Closed the stream of validator {Peer}: {Reason}")]
    public static partial void Refused(ILogger logger, ReplicaId peer, string reason);

    [LoggerMessage(6, LogLevel.Warning, "Refused a connection from {Remote}: no TLS 1.3 handshake with a committee member's key")]
    public static partial void Stranger(ILogger logger, System.Net.EndPoint? remote);

    [LoggerMessage(7, LogLevel.Error, "Handling a {Traffic} message of validator {Peer} failed; it is dropped")]
    public static partial void HandlerFailed(ILogger logger, Exception exception, ReplicaId peer, Engine.Transport.TrafficClass traffic);

    [LoggerMessage(8, LogLevel.Error, "A {Traffic} message of {Bytes} bytes for validator {Peer} is over the limit of {Limit} and was not sent")]
    public static partial void TooLarge(ILogger logger, Engine.Transport.TrafficClass traffic, int bytes, ReplicaId peer, int limit);

    [LoggerMessage(9, LogLevel.Warning, "Validator {Peer} sends messages of unknown class {Class}; they are dropped")]
    public static partial void UnknownClass(ILogger logger, ReplicaId peer, byte @class);

    [LoggerMessage(10, LogLevel.Error, "Telling that the link with validator {Peer} changed failed")]
    public static partial void ListenerFailed(ILogger logger, Exception exception, ReplicaId peer);
}
