using Bft.Crypto;
using Bft.Engine.Encoding;

namespace Bft.Engine;

/// <summary>A header with its payload and, in protocols that chain certificates, the certificate of its parent. Immutable, its digest computed once.</summary>
public sealed class Block
{
    /// <summary>Makes a block out of its parts and encodes it.</summary>
    public Block(Chain chain, BlockHeader header, Payload payload, QuorumCertificate? justify)
    {
        Header = header;
        Payload = payload;
        Justify = justify;
        Digest = header.DigestOn(chain);
        var writer = new CanonicalWriter(BlockHeader.EncodedBytes + 1 + (justify?.EncodedBytes ?? 0) + sizeof(uint) + payload.Encoded.Length);
        header.Encode(writer);
        QuorumCertificate.EncodeOptional(justify, writer);
        writer.Bytes(payload.Encoded.Span);
        Encoded = writer.Take();
    }

    private Block(BlockHeader header, Payload payload, QuorumCertificate? justify, Digest digest, ReadOnlyMemory<byte> encoded)
    {
        Header = header;
        Payload = payload;
        Justify = justify;
        Digest = digest;
        Encoded = encoded;
    }

    /// <summary>What the digest covers.</summary>
    public BlockHeader Header { get; }

    /// <summary>The transactions.</summary>
    public Payload Payload { get; }

    /// <summary>The parent's certificate (HotStuff); null in protocols without one and in genesis.</summary>
    public QuorumCertificate? Justify { get; }

    /// <summary>The hash of the header on its chain: the block's name.</summary>
    public Digest Digest { get; }

    /// <summary>The canonical bytes: header, optional certificate, payload.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>Short for the header's height.</summary>
    public Height Height => Header.Height;

    /// <summary>Short for the header's view.</summary>
    public View View => Header.View;

    /// <summary>
    /// The filler of a slot that nobody proposed for: the same bytes whoever fills the gap (no proposer's clock, no parent).
    /// </summary>
    public static Block Null(Chain chain, Height height) => new(
        chain,
        new BlockHeader(chain.Committee.Epoch, height, default, Digest.None, Payload.Empty(chain).Root, default, default, 0),
        Payload.Empty(chain),
        null);

    /// <summary>
    /// Decodes exactly these bytes within the chain's limits and checks that the payload is the one the header names; false when
    /// malformed. Signatures (client's, certificate's) are not checked here.
    /// </summary>
    public static bool TryDecode(Chain chain, ReadOnlyMemory<byte> bytes, out Block? block)
    {
        block = null;
        if (bytes.Length > chain.Limits.MaxBlockBytes)
        {
            return false;
        }

        var reader = new CanonicalReader(bytes);
        BlockHeader header = BlockHeader.Decode(ref reader);
        int headerBytes = reader.Position;
        QuorumCertificate? justify = QuorumCertificate.DecodeOptional(ref reader);
        ReadOnlyMemory<byte> encodedPayload = reader.Bytes(chain.Limits.MaxPayloadBytes);
        if (!reader.Complete || !Payload.TryDecode(chain, encodedPayload, out Payload? payload) || payload!.Root != header.PayloadRoot)
        {
            return false;
        }

        block = new Block(header, payload, justify, chain.DigestOf(Preimage.Header, bytes.Span[..headerBytes]), bytes);
        return true;
    }

    /// <summary>Height, view and the first digits of the digest, for logs.</summary>
    public override string ToString() => $"block {Height} (view {View}) {Digest.ToShortString()}";
}
