using Bft.Crypto;
using Bft.Engine.Encoding;
using Bft.Engine.Transport;

namespace Bft.Engine.Sync;

/// <summary>The kinds of repair messages: second byte on the wire, after <see cref="TrafficClass.Repair"/>.</summary>
public enum RepairKind : byte
{
    /// <summary>Asks for one block: digest (32).</summary>
    BlockRequest = 1,

    /// <summary>One block: its canonical bytes.</summary>
    Block = 2,

    /// <summary>Asks for committed blocks: first height (8), how many at most (2).</summary>
    RangeRequest = 3,

    /// <summary>Committed blocks of ascending heights: first height (8), count (2), then each with its proof.</summary>
    Range = 4,

    /// <summary>Asks how far the receiver is: nonce (8).</summary>
    HeadRequest = 5,

    /// <summary>How far the sender is: committed height (8), view (8), the request's nonce (8).</summary>
    Head = 6,
}

/// <summary>A block that was asked for arrived; its payload root and client signatures were checked.</summary>
public sealed record BlockArrived(ReplicaId Sender, Block Block);

/// <summary>Committed blocks arrived; each proof was checked by the protocol's commit rule. Empty when the sender has none.</summary>
public sealed record RangeArrived(ReplicaId Sender, Height First, IReadOnlyList<CommittedBlock> Blocks);

/// <summary>A peer told how far it is, in answer to the request with that nonce.</summary>
public sealed record HeadArrived(ReplicaId Sender, Height Height, View View, ulong Nonce);

/// <summary>Encoders of repair messages.</summary>
public static class RepairMessages
{
    /// <summary>The most committed blocks in one range.</summary>
    public const int MaxRangeBlocks = 256;

    private const int RangeOverheadBytes = 1 + 1 + 8 + 2;

    /// <summary>Asks for one block.</summary>
    public static byte[] BlockRequest(Digest digest)
    {
        CanonicalWriter writer = Begin(RepairKind.BlockRequest);
        writer.Digest(digest);
        return writer.ToArray();
    }

    /// <summary>Answers with a block.</summary>
    public static byte[] Block(Block block)
    {
        CanonicalWriter writer = Begin(RepairKind.Block, block.Encoded.Length);
        writer.Raw(block.Encoded.Span);
        return writer.ToArray();
    }

    /// <summary>Asks for a range.</summary>
    public static byte[] RangeRequest(Height first, int count)
    {
        CanonicalWriter writer = Begin(RepairKind.RangeRequest);
        writer.UInt64(first.Value);
        writer.UInt16((ushort)count);
        return writer.ToArray();
    }

    /// <summary>Answers with a range.</summary>
    public static byte[] Range(Height first, IReadOnlyList<CommittedBlock> blocks)
    {
        CanonicalWriter writer = Begin(RepairKind.Range, 1024);
        writer.UInt64(first.Value);
        writer.UInt16((ushort)blocks.Count);
        foreach (CommittedBlock block in blocks)
        {
            block.Encode(writer);
        }

        return writer.ToArray();
    }

    /// <summary>Answers with a range of blocks as the ledger keeps them.</summary>
    /// <param name="first">The first height.</param>
    /// <param name="blocks">What <see cref="CommittedBlock.Encode"/> wrote, ascending.</param>
    public static byte[] EncodedRange(Height first, IReadOnlyList<ReadOnlyMemory<byte>> blocks)
    {
        int bytes = RangeOverheadBytes;
        foreach (ReadOnlyMemory<byte> block in blocks)
        {
            bytes += block.Length;
        }

        var writer = new CanonicalWriter(bytes);
        writer.Byte((byte)TrafficClass.Repair);
        writer.Byte((byte)RepairKind.Range);
        writer.UInt64(first.Value);
        writer.UInt16((ushort)blocks.Count);
        foreach (ReadOnlyMemory<byte> block in blocks)
        {
            writer.Raw(block.Span);
        }

        return writer.Take();
    }

    /// <summary>Asks for the head.</summary>
    /// <param name="nonce">Comes back with the answer; 0 where an old answer does as well.</param>
    public static byte[] HeadRequest(ulong nonce = 0)
    {
        CanonicalWriter writer = Begin(RepairKind.HeadRequest);
        writer.UInt64(nonce);
        return writer.ToArray();
    }

    /// <summary>Answers with the head.</summary>
    public static byte[] Head(Height height, View view, ulong nonce)
    {
        CanonicalWriter writer = Begin(RepairKind.Head);
        writer.UInt64(height.Value);
        writer.UInt64(view.Value);
        writer.UInt64(nonce);
        return writer.ToArray();
    }

    private static CanonicalWriter Begin(RepairKind kind, int contentBytes = 64)
    {
        var writer = new CanonicalWriter(contentBytes + 16);
        writer.Byte((byte)TrafficClass.Repair);
        writer.Byte((byte)kind);
        return writer;
    }
}
