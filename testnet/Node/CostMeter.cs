using System.Diagnostics.Metrics;
using Bft.Engine;
using Bft.Engine.Transport;

namespace Bft.Testnet.Node;

/// <summary>Books cost at the transport boundary and publishes it as metrics of the meter <c>Bft.Node</c>.</summary>
internal sealed class CostMeter : IMeter, IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Bft.Node";

    private const int Classes = (int)TrafficClass.Repair + 1;

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _messages;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _authenticators;
    private readonly Counter<long> _signed;
    private readonly Counter<long> _verified;
    private readonly long[] _sentMessages = new long[Classes];
    private readonly long[] _sentBytes = new long[Classes];
    private long _signaturesMade;
    private long _signaturesVerified;

    public CostMeter()
    {
        _messages = _meter.CreateCounter<long>("bft.messages.sent", "{message}", "Messages to other validators.");
        _bytes = _meter.CreateCounter<long>("bft.bytes.sent", "By", "Bytes of messages to other validators.");
        _authenticators = _meter.CreateCounter<long>("bft.authenticators.carried", "{signature}", "Signature units carried by sent messages.");
        _signed = _meter.CreateCounter<long>("bft.signatures.made", "{signature}", "Signatures made.");
        _verified = _meter.CreateCounter<long>("bft.signatures.verified", "{signature}", "Signatures verified.");
    }

    /// <summary>Signatures made so far.</summary>
    public long SignaturesMade => Interlocked.Read(ref _signaturesMade);

    /// <summary>Signatures verified so far.</summary>
    public long SignaturesVerified => Interlocked.Read(ref _signaturesVerified);

    /// <summary>The meter, for gauges of the node.</summary>
    public Meter Meter => _meter;

    /// <summary>What was sent so far for one purpose.</summary>
    public SentTotals Totals(TrafficClass traffic) => new(Interlocked.Read(ref _sentMessages[(int)traffic]), Interlocked.Read(ref _sentBytes[(int)traffic]));

    /// <inheritdoc/>
    public void Sent(TrafficClass traffic, byte kind, Phase phase, int bytes, int authenticators)
    {
        Interlocked.Increment(ref _sentMessages[(int)traffic]);
        Interlocked.Add(ref _sentBytes[(int)traffic], bytes);
        var label = new KeyValuePair<string, object?>("traffic", traffic);
        var phaseLabel = new KeyValuePair<string, object?>("phase", phase);
        _messages.Add(1, label, phaseLabel);
        _bytes.Add(bytes, label, phaseLabel);
        _authenticators.Add(authenticators, label, phaseLabel);
    }

    /// <inheritdoc/>
    public void Signed(int signatures)
    {
        Interlocked.Add(ref _signaturesMade, signatures);
        _signed.Add(signatures);
    }

    /// <inheritdoc/>
    public void Verified(int signatures)
    {
        Interlocked.Add(ref _signaturesVerified, signatures);
        _verified.Add(signatures);
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}

/// <summary>What was sent for one purpose.</summary>
/// <param name="Messages">Messages, one for each receiver.</param>
/// <param name="Bytes">Their bytes, before framing and TLS.</param>
internal readonly record struct SentTotals(long Messages, long Bytes);
