using System.Buffers.Binary;
using Bft.Crypto;
using Bft.Engine.Encoding;

namespace Bft.Engine;

/// <summary>What kind of promise a <see cref="Statement"/> is. Values are wire format; each is below 0x80.</summary>
public enum StatementKind : byte
{
    /// <summary>HotStuff vote for a block; its certificate is the quorum certificate.</summary>
    Vote = 1,

    /// <summary>A leader's authorship of a block (PBFT's PRE-PREPARE).</summary>
    Proposal = 2,

    /// <summary>Giving up on a view; its certificate is the timeout certificate.</summary>
    Timeout = 3,

    /// <summary>PBFT PREPARE.</summary>
    Prepare = 4,

    /// <summary>PBFT COMMIT.</summary>
    Commit = 5,

    /// <summary>PBFT CHECKPOINT.</summary>
    Checkpoint = 6,

    /// <summary>PBFT VIEW-CHANGE.</summary>
    ViewChange = 7,

    /// <summary>PBFT NEW-VIEW.</summary>
    NewView = 8,

    /// <summary>Raft granted vote.</summary>
    Ballot = 9,

    /// <summary>Raft acknowledged append.</summary>
    Append = 10,
}

/// <summary>
/// The one shape that replicas sign in consensus. Its encoder adds the chain id in front and the protocol's name, so the view,
/// slot and subject are always inside the signed bytes together with whom they are for.
/// </summary>
/// <param name="Kind">Which promise.</param>
/// <param name="Epoch">The committee configuration.</param>
/// <param name="View">The view or term.</param>
/// <param name="Slot">The height or sequence number; 0 where the kind has none.</param>
/// <param name="Subject">The block or state digest; none where the kind has no subject.</param>
public readonly record struct Statement(StatementKind Kind, Epoch Epoch, View View, Height Slot, Digest Subject)
{
    /// <summary>Encoded length in bytes (without chain id and protocol).</summary>
    public const int EncodedBytes = 1 + ContentBytes;

    /// <summary>Length in bytes of what is signed.</summary>
    public const int SignedBytes = Digest.Size + 1 + Chain.ProtocolNameBytes + ContentBytes;

    private const int ContentBytes = 8 + 8 + 8 + Digest.Size;

    /// <summary>Writes kind, epoch, view, slot, subject.</summary>
    public void Encode(CanonicalWriter writer)
    {
        writer.Byte((byte)Kind);
        WriteContent(writer.Reserve(ContentBytes));
    }

    /// <summary>Reads what <see cref="Encode"/> wrote; a kind of 0 or above 0x7f, or a number that no chain reaches, fails the reader.</summary>
    public static Statement Decode(ref CanonicalReader reader)
    {
        byte kind = reader.Byte();
        if (kind is 0 or >= 0x80)
        {
            reader.Fail();
        }

        return new Statement((StatementKind)kind, new Epoch(reader.Ordinal()), new View(reader.Ordinal()), new Height(reader.Ordinal()), reader.Digest());
    }

    internal void WriteContent(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, Epoch.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], View.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], Slot.Value);
        Subject.CopyTo(destination[24..]);
    }
}
