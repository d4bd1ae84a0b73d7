using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Bft.Engine;
using Bft.Engine.Sync;
using Bft.Engine.Transport;

namespace Bft.Simulation;

/// <summary>What a line of a trace tells.</summary>
public enum TraceKind : byte
{
    /// <summary>The replica put a message on the wire.</summary>
    Sent,

    /// <summary>A message reached the replica.</summary>
    Delivered,

    /// <summary>A message was refused at the edge.</summary>
    Refused,

    /// <summary>The replica entered a view.</summary>
    Entered,

    /// <summary>The replica formed a certificate.</summary>
    Certified,

    /// <summary>The replica committed a block.</summary>
    Committed,

    /// <summary>The replica executed a block.</summary>
    Executed,

    /// <summary>The replica started.</summary>
    Started,

    /// <summary>The replica stopped.</summary>
    Stopped,

    /// <summary>The replica raised an alarm.</summary>
    Alarm,

    /// <summary>The replica proved a double sign.</summary>
    Accused,

    /// <summary>The world did something to the replica.</summary>
    Fault,

    /// <summary>A client sent, or got its answer.</summary>
    Client,

    /// <summary>Something that never may happened.</summary>
    Violation,
}

/// <summary>One event, kept as it was; words are made of it when somebody reads it.</summary>
/// <param name="At">When.</param>
/// <param name="Instance">Which instance of the world; −1 for none.</param>
/// <param name="Kind">What.</param>
/// <param name="Other">The other instance of a message, or −1.</param>
/// <param name="Number">A number that belongs to it: view, height, fault kind.</param>
/// <param name="What">An object that belongs to it: bytes of a message, a block, a text.</param>
public readonly record struct TraceEvent(TimeSpan At, int Instance, TraceKind Kind, int Other, ulong Number, object? What);

/// <summary>
/// What happened, in order. A fingerprint of it is always kept, which costs a few operations an event; the events themselves only when asked for.
/// </summary>
public sealed class Trace
{
    /// <summary>The version of the text form; a trace of another version cannot be compared.</summary>
    public const int Version = 1;

    private readonly List<TraceEvent>? _events;
    private readonly Chain _chain;
    private readonly ProtocolDescriptor _protocol;
    private ulong _fingerprint = 0xCBF29CE484222325;

    internal Trace(Chain chain, ProtocolDescriptor protocol, bool keep)
    {
        _chain = chain;
        _protocol = protocol;
        _events = keep ? [] : null;
    }

    /// <summary>The events, in order; empty unless they were to be kept.</summary>
    public IReadOnlyList<TraceEvent> Events => _events ?? [];

    /// <summary>64 bits of everything that happened: equal for two runs of one seed.</summary>
    public ulong Fingerprint => _fingerprint;

    /// <summary>The trace as text, a line an event and a column a replica.</summary>
    public IEnumerable<string> Lines()
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"trace {Version} chain {_chain.Id} protocol {_chain.Protocol}");
        foreach (TraceEvent entry in Events)
        {
            yield return Format(entry);
        }
    }

    /// <summary>The version of a text form, read from its first line; null when that line begins no trace.</summary>
    public static int? VersionOf(string firstLine) =>
        firstLine.Split(' ') is ["trace", var version, "chain", ..] && int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    /// <summary>The SHA-256 of <see cref="Lines"/>, each ended by a line feed.</summary>
    public string Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string line in Lines())
        {
            hash.AppendData(Encoding.UTF8.GetBytes(line));
            hash.AppendData("\n"u8);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    internal void Add(TimeSpan at, int instance, TraceKind kind, int other = -1, ulong number = 0, object? what = null)
    {
        Mix((ulong)at.Ticks);
        Mix(((ulong)(uint)instance << 32) | ((ulong)kind << 16) | (ushort)other);
        Mix(number);
        _events?.Add(new TraceEvent(at, instance, kind, other, number, what));
    }

    private void Mix(ulong value)
    {
        ulong mixed = (_fingerprint ^ value) * 0x9E3779B97F4A7C15;
        _fingerprint = mixed ^ (mixed >> 29);
    }

    private string Format(in TraceEvent entry)
    {
        string column = new(' ', 4 * Math.Max(0, entry.Instance));
        string who = entry.Instance < 0 ? "-" : entry.Instance.ToString(CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{entry.At.TotalMilliseconds,12:F4} {column}{who} {Words(entry)}");
    }

    /// <summary>What an event says, without when and who.</summary>
    public string Words(in TraceEvent entry) => entry.Kind switch
    {
        TraceKind.Sent => $"-> {entry.Other} {Describe(entry.What)}",
        TraceKind.Delivered => $"<- {entry.Other} {Describe(entry.What)}",
        TraceKind.Refused => $"refused from {entry.Other} {Describe(entry.What)}",
        TraceKind.Entered => $"view {entry.Number}",
        TraceKind.Certified => $"certified {entry.What}",
        TraceKind.Committed => $"committed {entry.What}",
        TraceKind.Executed => $"executed {entry.Number}",
        TraceKind.Started => $"started at height {entry.Number}",
        TraceKind.Stopped => $"stopped: {entry.What}",
        TraceKind.Alarm => $"alarm {entry.What}",
        TraceKind.Accused => $"accuses {entry.Other}",
        TraceKind.Fault => $"fault {(FaultKind)entry.Number} {entry.What}".TrimEnd(),
        TraceKind.Client => $"client {entry.Other} {entry.What}",
        _ => $"VIOLATION {entry.What}",
    };

    /// <summary>The kind of a message in one word: what the protocol calls it, or what repair and gossip do.</summary>
    public string KindOf(in TraceEvent entry)
    {
        string words = Describe(entry.What);
        string kind = words[..(words.IndexOfAny([' ', ',']) is >= 0 and var end ? end : words.Length)];
        return kind.EndsWith("Message", StringComparison.Ordinal) ? kind[..^"Message".Length] : kind;
    }

    private string Describe(object? what)
    {
        if (what is not byte[] { Length: >= 2 } bytes)
        {
            return "nothing";
        }

        switch ((TrafficClass)bytes[0])
        {
            case TrafficClass.Consensus:
                ProtocolMessage? message = WireMessage.Decode(_chain, _protocol, bytes);
                return message is null ? $"garbled, {bytes.Length} bytes" : $"{message.GetType().Name} {message.CarriedBlock} {bytes.Length} bytes";
            case TrafficClass.Repair:
                return $"{(RepairKind)bytes[1]} {bytes.Length} bytes";
            case TrafficClass.Gossip:
                return $"run {bytes.Length} bytes";
            default:
                return $"garbled, {bytes.Length} bytes";
        }
    }
}
