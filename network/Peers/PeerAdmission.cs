using System.Security.Authentication;
using Bft.Network.Connections;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Bft.Network.Peers;

/// <summary>
/// The gate of the validators' port: TLS 1.3 with a certificate whose key genesis pins, or the connection ends in the handshake. Connections
/// in their handshake have a room of their own (<see cref="ConnectionRoom"/>); of one member only so many are kept, and the oldest gives way,
/// since it may be what is left of a process that died. So nobody's connections use up what another member needs.
/// </summary>
internal sealed class PeerAdmission(PeerHostOptions options, CommitteePins pins, LogThrottle throttle, ILogger logger)
{
    private static object GuestKey { get; } = new();

    private readonly Lock _lock = new();
    private readonly LinkedList<ConnectionContext>[] _connections = [.. options.Pins.Select(_ => new LinkedList<ConnectionContext>())];
    private readonly ConnectionRoom _room = new(options.Limits.MaxHandshakes);
    private long _refused;

    /// <summary>How many connections ended in the handshake.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>How many connections are in their handshake now.</summary>
    public int Handshaking => _room.Count;

    /// <summary>Puts the gate in front of HTTP/2.</summary>
    public void Guard(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http2;
        listen.Use(next => connection => CountRefusedAsync(next, connection));
        listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = options.Certificate,
            SslProtocols = SslProtocols.Tls13,
            ClientCertificateMode = ClientCertificateMode.RequireCertificate,
            ClientCertificateValidation = (certificate, _, _) => pins.Find(certificate) is { } member && member != options.Self,
            CheckCertificateRevocation = false,
            HandshakeTimeout = options.Limits.HandshakeTimeout,
            OnAuthenticate = (_, ssl) =>
            {
                ssl.CertificateChainPolicy = PeerTls.OfflinePolicy();
                ssl.AllowTlsResume = false;
                ssl.AllowRenegotiation = false;
            },
        });
        listen.Use(next => connection => AdmitAsync(next, connection));
    }

    private async Task CountRefusedAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        if (_room.Enter(connection) is not { } guest)
        {
            connection.Abort(new ConnectionAbortedException("Too many connections that have not finished their handshake."));
            return;
        }

        connection.Items[GuestKey] = guest;
        try
        {
            await next(connection);
        }
        finally
        {
            _room.Leave(guest);
        }

        if (connection.Items.ContainsKey(GuestKey))
        {
            Interlocked.Increment(ref _refused);
            if (throttle.Permits(-1, 6))
            {
                PeerLog.Stranger(logger, connection.RemoteEndPoint);
            }
        }
    }

    private async Task AdmitAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        if (pins.Find(connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate) is not { } member || member == options.Self)
        {
            connection.Abort(new ConnectionAbortedException("No committee member's key."));
            return;
        }

        if (connection.Items.Remove(GuestKey, out object? guest))
        {
            _room.Leave((ConnectionRoom.Guest)guest!);
        }

        LinkedList<ConnectionContext> connections = _connections[member.Value];
        ConnectionContext? oldest = null;
        LinkedListNode<ConnectionContext> node;
        lock (_lock)
        {
            if (connections.Count >= options.Limits.MaxConnectionsPerPeer)
            {
                oldest = connections.First!.Value;
                connections.RemoveFirst();
            }

            node = connections.AddLast(connection);
        }

        oldest?.Abort(new ConnectionAbortedException("The same validator opened more connections."));
        try
        {
            await next(connection);
        }
        finally
        {
            lock (_lock)
            {
                if (node.List is not null)
                {
                    connections.Remove(node);
                }
            }
        }
    }
}
