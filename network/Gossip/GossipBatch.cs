using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Encoding;
using Bft.Engine.Transport;

namespace Bft.Network.Gossip;

/// <summary>
/// Runs of several clients that one validator, their origin, vouches for with one signature. Relays hand on the same bytes.
/// </summary>
/// <remarks>
/// Layout: traffic class (1 byte: gossip), kind (1 byte: 1), then the content: origin (2), origin's sequence (8), number of runs (4), each run with its
/// length (4), then the origin's identity signature (64 bytes for Ed25519) over chain id, <see cref="Preimage.Gossip"/> and the digest of the content.
/// Integers are little-endian.
/// </remarks>
public readonly struct GossipBatch
{
    /// <summary>A batch is closed when the next run would take its runs past this many bytes; a larger run travels alone. 64 KiB.</summary>
    public const int TargetBytes = 64 << 10;

    /// <summary>The second byte of a batch.</summary>
    internal const byte Kind = 1;

    private const int PrefixBytes = 2;
    private const int HeaderBytes = sizeof(ushort) + sizeof(ulong) + sizeof(uint);

    private readonly int _contentBytes;

    private GossipBatch(ReadOnlyMemory<byte> message, int contentBytes, ReplicaId origin, ulong sequence, Digest digest)
    {
        Digest = digest;
        Message = message;
        _contentBytes = contentBytes;
        Origin = origin;
        Sequence = sequence;
    }

    /// <summary>The whole message as it travels.</summary>
    public ReadOnlyMemory<byte> Message { get; }

    /// <summary>Who took the runs from their clients and signed the batch.</summary>
    public ReplicaId Origin { get; }

    /// <summary>The origin's number of the batch; each is used once.</summary>
    public ulong Sequence { get; }

    /// <summary>The digest of the content: with origin and sequence, what tells a batch from another.</summary>
    public Digest Digest { get; }

    /// <summary>What the digest is taken of.</summary>
    public ReadOnlySpan<byte> Content => Message.Span.Slice(PrefixBytes, _contentBytes);

    /// <summary>The origin's signature.</summary>
    public ReadOnlySpan<byte> Signature => Message.Span[(PrefixBytes + _contentBytes)..];

    /// <summary>The largest gossip message of a chain, in bytes, for signatures of up to 256 bytes.</summary>
    public static int MaxMessageBytes(ChainLimits limits) =>
        PrefixBytes + HeaderBytes + Math.Max(TargetBytes, sizeof(uint) + limits.MaxRunBytes) + 256;

    /// <summary>Signs a batch. The runs must fit <see cref="MaxMessageBytes"/>.</summary>
    public static GossipBatch Sign(Chain chain, ISigner identity, ReplicaId origin, ulong sequence, IReadOnlyCollection<Run> runs)
    {
        int contentBytes = HeaderBytes + runs.Sum(EncodedBytes);
        var message = new byte[PrefixBytes + contentBytes + identity.Scheme.SignatureBytes];
        message[0] = (byte)TrafficClass.Gossip;
        message[1] = Kind;
        Span<byte> rest = message.AsSpan(PrefixBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)origin.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(rest[2..], sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(rest[10..], (uint)runs.Count);
        rest = rest[HeaderBytes..];
        foreach (Run run in runs)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(rest, (uint)run.Encoded.Length);
            run.Encoded.Span.CopyTo(rest[sizeof(uint)..]);
            rest = rest[EncodedBytes(run)..];
        }

        ReadOnlySpan<byte> content = message.AsSpan(PrefixBytes, contentBytes);
        Digest digest = chain.DigestOf(Preimage.Gossip, content);
        identity.Sign(chain.SignedContent(Preimage.Gossip, digest.ToArray()), rest);
        return new GossipBatch(message, contentBytes, origin, sequence, digest);
    }

    /// <summary>Reads who made a batch and where its signature is; false when it cannot be one. Neither signature nor runs are looked at.</summary>
    public static bool TryOpen(Chain chain, int signatureBytes, ReadOnlyMemory<byte> message, out GossipBatch batch)
    {
        batch = default;
        int contentBytes = message.Length - PrefixBytes - signatureBytes;
        if (contentBytes <= HeaderBytes || message.Length > MaxMessageBytes(chain.Limits) ||
            message.Span[0] != (byte)TrafficClass.Gossip || message.Span[1] != Kind)
        {
            return false;
        }

        ReadOnlySpan<byte> content = message.Span.Slice(PrefixBytes, contentBytes);
        var origin = new ReplicaId(BinaryPrimitives.ReadUInt16LittleEndian(content));
        if (!chain.Committee.Contains(origin))
        {
            return false;
        }

        ulong sequence = BinaryPrimitives.ReadUInt64LittleEndian(content[2..]);
        batch = new GossipBatch(message, contentBytes, origin, sequence, chain.DigestOf(Preimage.Gossip, content));
        return true;
    }

    /// <summary>The same batch, copied when it is a small part of a larger array that it would keep alive.</summary>
    public GossipBatch Detached() =>
        MemoryMarshal.TryGetArray(Message, out ArraySegment<byte> segment) && segment.Array!.Length <= 2 * Message.Length
            ? this
            : new GossipBatch(Message.ToArray(), _contentBytes, Origin, Sequence, Digest);

    /// <summary>Whether the origin signed it.</summary>
    public bool IsSigned(Chain chain, ISignatureScheme scheme, ReadOnlySpan<byte> originKey) =>
        scheme.Verify(originKey, chain.SignedContent(Preimage.Gossip, Digest.ToArray()), Signature);

    /// <summary>Decodes the runs within the chain's limits; null when anything is malformed. Client signatures are not checked here.</summary>
    public Run[]? Runs(Chain chain)
    {
        var reader = new CanonicalReader(Message.Slice(PrefixBytes + HeaderBytes, _contentBytes - HeaderBytes));
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(Content[10..]);

        // The count is compared with what could be there before anything is allocated by it.
        if (count == 0 || count > (uint)reader.Remaining / sizeof(uint))
        {
            return null;
        }

        var runs = new Run[count];
        for (int i = 0; i < runs.Length; i++)
        {
            ReadOnlyMemory<byte> encoded = reader.Bytes(chain.Limits.MaxRunBytes);
            if (reader.Failed || !Run.TryDecode(chain, encoded, out Run? run))
            {
                return null;
            }

            runs[i] = run!;
        }

        return reader.Complete ? runs : null;
    }

    /// <summary>What a run takes in a batch, in bytes.</summary>
    internal static int EncodedBytes(Run run) => sizeof(uint) + run.Encoded.Length;
}
