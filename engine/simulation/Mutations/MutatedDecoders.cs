using Bft.Engine;
using Bft.Engine.Encoding;

namespace Bft.Simulation.Mutations;

/// <summary>What turns bytes of a peer into a message, broken once each.</summary>
internal static class MutatedDecoders
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        Of("trailing-bytes-accepted", "leaves whatever follows a message unread", "one encoding a message; PROTOCOLS 16.10, SCENARIOS O-21", Trailing),
        Of("second-encoding-accepted", "takes a kind with its highest bit set for the same kind", "one encoding a message; PROTOCOLS 16.10, SCENARIOS O-21", SecondKind),
        Of("padding-accepted", "takes a message without its last byte for one that ends in zero", "one encoding a message; PROTOCOLS 16.10, SCENARIOS O-21", Padded),
        Of("unknown-kind-throws", "throws at a kind that it does not know", "nothing a peer sends throws past the edge; SCENARIOS check 7, O-21", UnknownThrows),
        Of("malformed-throws", "throws at what is malformed", "nothing a peer sends throws past the edge; SCENARIOS check 7, O-21", MalformedThrows),
        Of("size-unchecked", "copies a message before it looks at it, whatever its length", "bounded before it is parsed; DESIGN \"Trust boundary\", SCENARIOS O-21", Copies),
        Of("length-trusted", "makes room for as much as a length prefix claims", "limit before allocate; PROTOCOLS 16.10, SCENARIOS O-21", TrustsLengths),
    ];

    private delegate ProtocolMessage? Decoding(MessageDecoder right, Chain chain, byte kind, ref CanonicalReader reader);

    private static Mutation Of(string name, string does, string rule, Decoding decoding) => new(name, does)
    {
        Rule = rule,
        By = "O-21",
        Apply = options =>
        {
            MessageDecoder right = options.Protocol.Decode;
            ProtocolMessage? Decode(Chain chain, byte kind, ref CanonicalReader reader) => decoding(right, chain, kind, ref reader);
            return options with { Protocol = options.Protocol with { Decode = Decode } };
        },
    };

    private static ProtocolMessage? Trailing(MessageDecoder right, Chain chain, byte kind, ref CanonicalReader reader)
    {
        ProtocolMessage? message = right(chain, kind, ref reader);
        if (message is not null)
        {
            reader.Raw(reader.Remaining);
        }

        return message;
    }

    private static ProtocolMessage? SecondKind(MessageDecoder right, Chain chain, byte kind, ref CanonicalReader reader) => right(chain, (byte)(kind & 0x7F), ref reader);

    private static ProtocolMessage? Padded(MessageDecoder right, Chain chain, byte kind, ref CanonicalReader reader)
    {
        ReadOnlyMemory<byte> rest = reader.Raw(reader.Remaining);
        var whole = new CanonicalReader(rest);
        if (right(chain, kind, ref whole) is { } message && whole.Complete)
        {
            return message;
        }

        byte[] padded = [.. rest.Span, 0];
        var again = new CanonicalReader(padded);
        return right(chain, kind, ref again) is { } guessed && again.Complete ? guessed : null;
    }

    private static ProtocolMessage? UnknownThrows(MessageDecoder right, Chain chain, byte kind, ref CanonicalReader reader) =>
        kind <= 8 ? right(chain, kind, ref reader) : throw new NotSupportedException($"There is no message of kind {kind}.");

    private static ProtocolMessage MalformedThrows(MessageDecoder right, Chain chain, byte kind, ref CanonicalReader reader) =>
        right(chain, kind, ref reader) is { } message && !reader.Failed ? message : throw new InvalidDataException($"The message of kind {kind} is malformed.");

    private static ProtocolMessage? Copies(MessageDecoder right, Chain chain, byte kind, ref CanonicalReader reader)
    {
        var copy = new CanonicalReader(reader.Raw(reader.Remaining).ToArray());
        ProtocolMessage? message = right(chain, kind, ref copy);
        return copy.Complete ? message : null;
    }

    // The first four bytes that may be a length, wherever they are.
    private static ProtocolMessage? TrustsLengths(MessageDecoder right, Chain chain, byte kind, ref CanonicalReader reader)
    {
        const int MostAtOnce = 4 << 20;
        var peek = reader;
        uint claimed = peek.UInt32();
        var room = new byte[Math.Min(claimed, MostAtOnce)];
        GC.KeepAlive(room);
        return right(chain, kind, ref reader);
    }
}
