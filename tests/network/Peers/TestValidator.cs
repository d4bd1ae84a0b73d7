using Bft.Engine;
using Bft.Engine.Transport;
using Bft.Network.Peers;
using Microsoft.Extensions.Logging;

namespace Bft.Network.Tests.Peers;

internal sealed record Delivery(ReplicaId Sender, TrafficClass Traffic, byte[] Message);

/// <summary>A running host with everything it heard, saw and logged.</summary>
internal sealed class TestValidator : IPeerHandler, ILoggerFactory, ILogger, IAsyncDisposable
{
    private PeerHost? _host;

    public Recorder<Delivery> Deliveries { get; } = new();

    public Recorder<PeerState> Changes { get; } = new();

    public Recorder<string> Lines { get; } = new();

    public Action<Delivery>? OnDelivery { get; set; }

    public PeerHost Host => _host!;

    public PeerTransport Transport => Host.Transport;

    public async Task StartAsync(PeerHostOptions options) => _host = await PeerHost.StartAsync(options, this, this);

    public Task ConnectedTo(int peer) => Changes.Until(all => all.LastOrDefault(state => state.Id.Value == peer) is { Connected: true });

    public Task DisconnectedFrom(int peer) => Changes.Until(all => all.LastOrDefault(state => state.Id.Value == peer) is { Connected: false });

    public void OnMessage(ReplicaId sender, TrafficClass traffic, ReadOnlyMemory<byte> message)
    {
        var delivery = new Delivery(sender, traffic, message.ToArray());
        Deliveries.Add(delivery);
        OnDelivery?.Invoke(delivery);
    }

    public void OnLinkChanged(PeerState state) => Changes.Add(state);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Add(formatter(state, exception));

    public void Dispose()
    {
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }
    }
}
