using System.Diagnostics.Metrics;
using Bft.Network.Connections;
using Bft.Network.Peers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Bft.Network.Api;

/// <summary>
/// The gate of the clients' ports. A connection has <see cref="ApiLimits.FirstRequestTimeout"/> to bring its first request, TLS handshake and
/// HTTP/2 preface included; and of the <see cref="ApiLimits.MaxConnections"/> on all ports together the most crowded address gives way
/// (<see cref="ConnectionRoom"/>), one that has no request under way first. So connections that say nothing cost nobody else a place.
/// </summary>
internal sealed class ClientGate : IStartupFilter, IDisposable
{
    private static readonly object GuestKey = new();

    private readonly ApiLimits _limits;
    private readonly TimeProvider _time;
    private readonly ConnectionRoom _room;
    private readonly Meter _meter = new(PeerHost.MeterName);
    private long _silent;

    public ClientGate(ApiLimits limits, TimeProvider? time = null)
    {
        _limits = limits;
        _time = time ?? TimeProvider.System;
        _room = new ConnectionRoom(limits.MaxConnections);
        _meter.CreateObservableGauge("bft.api.connections", () => _room.Count, "{connection}", "Connections of clients, over gRPC and HTTP.");
        _meter.CreateObservableCounter(
            "bft.api.connections_closed",
            () => new Measurement<long>[] { new(Silent, Reason("silent")), new(_room.Displaced, Reason("displaced")), new(_room.Refused, Reason("refused")) },
            "{connection}",
            "Connections that brought no request in time, gave way to another, or found no place.");
    }

    /// <summary>How many connections there are.</summary>
    public int Open => _room.Count;

    /// <summary>How many connections were closed since their first request took too long.</summary>
    public long Silent => Interlocked.Read(ref _silent);

    /// <summary>Puts the gate in front of a listener; before TLS, so that a handshake that never ends is counted too.</summary>
    public void Guard(ListenOptions listen) => listen.Use(next => connection => AdmitAsync(next, connection));

    /// <summary>Puts in front of everything what tells the gate that a request is under way.</summary>
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => application =>
    {
        application.Use(WorkAsync);
        next(application);
    };

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private async Task AdmitAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        if (_room.Enter(connection) is not { } guest)
        {
            connection.Abort(new ConnectionAbortedException("Too many connections of this address, all with requests under way."));
            return;
        }

        connection.Items[GuestKey] = guest;
        try
        {
            using ITimer deadline = _time.CreateTimer(HangUpOnSilence, guest, _limits.FirstRequestTimeout, Timeout.InfiniteTimeSpan);
            await next(connection);
        }
        finally
        {
            _room.Leave(guest);
        }
    }

    private void HangUpOnSilence(object? state)
    {
        var guest = (ConnectionRoom.Guest)state!;
        if (!guest.HasWorked)
        {
            Interlocked.Increment(ref _silent);
            guest.Connection.Abort(new ConnectionAbortedException("No request in time."));
        }
    }

    // The head of a request has been read: from here on the connection is at work until the answer is written.
    private async Task WorkAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(GuestKey, out object? found) != true || found is not ConnectionRoom.Guest guest)
        {
            await next(context);
            return;
        }

        _room.BeginWork(guest);
        try
        {
            await next(context);
        }
        finally
        {
            _room.EndWork(guest);
        }
    }

    private static KeyValuePair<string, object?> Reason(string reason) => new("reason", reason);
}
