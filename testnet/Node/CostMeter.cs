using System.Diagnostics.Metrics;
using Bft.Engine;
using Bft.Engine.Transport;

namespace Bft.Testnet.Node;

/// <summary>Books cost at the transport boundary and publishes it as metrics of the meter <c>Bft.Node</c>.</summary>
internal sealed class CostMeter : IMeter, IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Bft.Node";

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _messages;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _authenticators;
    private readonly Counter<long> _signed;
    private readonly Counter<long> _verified;
    private long _sentMessages;
    private long _sentBytes;

    public CostMeter()
    {
        _messages = _meter.CreateCounter<long>("bft.messages.sent", "{message}", "Messages to other validators.");
        _bytes = _meter.CreateCounter<long>("bft.bytes.sent", "By", "Bytes of messages to other validators.");
        _authenticators = _meter.CreateCounter<long>("bft.authenticators.carried", "{signature}", "Signature units carried by sent messages.");
        _signed = _meter.CreateCounter<long>("bft.signatures.made", "{signature}", "Signatures made.");
        _verified = _meter.CreateCounter<long>("bft.signatures.verified", "{signature}", "Signatures verified.");
    }

    /// <summary>Messages of all classes sent so far.</summary>
    public long Messages => Interlocked.Read(ref _sentMessages);

    /// <summary>Their bytes.</summary>
    public long Bytes => Interlocked.Read(ref _sentBytes);

    /// <summary>The meter, for gauges of the node.</summary>
    public Meter Meter => _meter;

    /// <inheritdoc/>
    public void Sent(TrafficClass traffic, byte kind, Phase phase, int bytes, int authenticators)
    {
        Interlocked.Increment(ref _sentMessages);
        Interlocked.Add(ref _sentBytes, bytes);
        var label = new KeyValuePair<string, object?>("traffic", traffic);
        var phaseLabel = new KeyValuePair<string, object?>("phase", phase);
        _messages.Add(1, label, phaseLabel);
        _bytes.Add(bytes, label, phaseLabel);
        _authenticators.Add(authenticators, label, phaseLabel);
    }

    /// <inheritdoc/>
    public void Signed(int signatures) => _signed.Add(signatures);

    /// <inheritdoc/>
    public void Verified(int signatures) => _verified.Add(signatures);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
