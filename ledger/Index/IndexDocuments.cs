using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Encoding;
using LiteDB;

namespace Bft.Ledger;

/// <summary>A block as people search for it.</summary>
/// <param name="Height">Its height.</param>
/// <param name="Digest">Its digest.</param>
/// <param name="Proposer">Who made it.</param>
/// <param name="View">The view it was proposed in.</param>
/// <param name="Time">Milliseconds since 1970-01-01 UTC by the proposer's clock.</param>
/// <param name="Transactions">The number of transactions.</param>
/// <param name="Bytes">The length of the encoded block in bytes.</param>
public sealed record IndexedBlock(Height Height, Digest Digest, ReplicaId Proposer, View View, ulong Time, int Transactions, int Bytes);

/// <summary>A validator as people look it up.</summary>
/// <param name="Id">Its number in the committee.</param>
/// <param name="Name">Its name.</param>
/// <param name="PeerAddress">Where validators reach it.</param>
/// <param name="ClientAddress">Where clients reach it.</param>
public sealed record IndexedValidator(ReplicaId Id, string Name, string PeerAddress, string ClientAddress);

/// <summary>A block's document. LiteDB has no checksums of its own, so each document carries one.</summary>
internal sealed class BlockDocument
{
    // Without "false", LiteDB takes an id of 0 for "number it yourself".
    [BsonId(false)]
    public long Height { get; set; }

    public string Digest { get; set; } = "";

    public int Proposer { get; set; }

    public long View { get; set; }

    public long Time { get; set; }

    public int Transactions { get; set; }

    public int Bytes { get; set; }

    public long Check { get; set; }

    public static BlockDocument Of(Block block)
    {
        var document = new BlockDocument
        {
            Height = (long)block.Height.Value,
            Digest = block.Digest.ToString(),
            Proposer = block.Header.Proposer.Value,
            View = (long)block.View.Value,
            Time = unchecked((long)block.Header.Time),
            Transactions = block.Payload.Transactions,
            Bytes = block.Encoded.Length,
        };
        document.Check = document.Checksum();
        return document;
    }

    /// <summary>The block.</summary>
    /// <exception cref="InvalidDataException">The document is damaged.</exception>
    public IndexedBlock Read() => Check == Checksum() && Crypto.Digest.TryParse(Digest, out Digest digest)
        ? new IndexedBlock(new Height((ulong)Height), digest, new ReplicaId(Proposer), new View((ulong)View), unchecked((ulong)Time), Transactions, Bytes)
        : throw new InvalidDataException($"The document of height {Height} is damaged.");

    private long Checksum()
    {
        Span<byte> bytes = stackalloc byte[40 + (2 * Crypto.Digest.Size)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Height);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], Proposer);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[12..], View);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[20..], Time);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[28..], Transactions);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[32..], Bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[36..], Digest.Length);
        Encoding.ASCII.GetBytes(Digest.Length <= 2 * Crypto.Digest.Size ? Digest : "", bytes[40..]);
        return unchecked((long)XxHash3.HashToUInt64(bytes));
    }
}

/// <summary>A validator's document.</summary>
internal sealed class ValidatorDocument
{
    [BsonId(false)]
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public string PeerAddress { get; set; } = "";

    public string ClientAddress { get; set; } = "";
}

/// <summary>A double sign's document: the two votes in their canonical bytes, under what both were for.</summary>
internal sealed class EvidenceDocument
{
    [BsonId(false)]
    public string Id { get; set; } = "";

    public int Signer { get; set; }

    public byte[] First { get; set; } = [];

    public byte[] Second { get; set; } = [];

    public static EvidenceDocument Of(Evidence evidence)
    {
        Statement statement = evidence.First.Statement;
        return new EvidenceDocument
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{evidence.First.Signer.Value}/{statement.Epoch.Value}/{(byte)statement.Kind}/{statement.View.Value}/{statement.Slot.Value}"),
            Signer = evidence.First.Signer.Value,
            First = Encode(evidence.First),
            Second = Encode(evidence.Second),
        };
    }

    /// <summary>The two votes.</summary>
    /// <exception cref="InvalidDataException">The document is damaged.</exception>
    public Evidence Read() => new(Decode(First), Decode(Second));

    private static byte[] Encode(Vote vote)
    {
        var writer = new CanonicalWriter();
        vote.Encode(writer);
        return writer.ToArray();
    }

    private Vote Decode(byte[] bytes)
    {
        var reader = new CanonicalReader(bytes);
        Vote vote = Vote.Decode(ref reader);
        return reader.Complete ? vote : throw new InvalidDataException($"The document of evidence {Id} is damaged.");
    }
}

/// <summary>How far the index is, and of which chain.</summary>
internal sealed class ProgressDocument
{
    [BsonId(false)]
    public int Id { get; set; } = 1;

    public int Version { get; set; }

    public string ChainId { get; set; } = "";

    public long Height { get; set; }
}
