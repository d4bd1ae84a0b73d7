using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Encoding;
using Bft.Engine.Execution;

namespace Bft.Network.Api.Frames;

/// <summary>
/// Receipts of one height under one signature of one validator. The signature covers chain id, <see cref="Preimage.Receipts"/> and
/// the content, so that it holds on one chain, for this purpose, and for this validator alone; who delivers it does not matter.
/// </summary>
/// <param name="Validator">Who signed.</param>
/// <param name="Height">The height whose execution gave these results.</param>
/// <param name="Receipts">The results.</param>
/// <param name="SignedContent">What was signed.</param>
/// <param name="Signature">The signature, not yet checked.</param>
public sealed record SignedReceipts(
    ReplicaId Validator, Height Height, Receipt[] Receipts, ReadOnlyMemory<byte> SignedContent, ReadOnlyMemory<byte> Signature)
{
    /// <summary>Length of an Ed25519 signature in bytes.</summary>
    public const int SignatureBytes = 64;

    /// <summary>What a receipt takes besides its codes, in bytes.</summary>
    internal const int ReceiptOverheadBytes = 32 + 8 + 2 + 8 + 4;

    private const int LeastReceiptBytes = ReceiptOverheadBytes + 1;

    /// <summary>Signs receipts and writes the frame.</summary>
    /// <param name="chain">The chain they are of.</param>
    /// <param name="identity">The validator's identity key.</param>
    /// <param name="validator">The validator.</param>
    /// <param name="height">The height that was executed.</param>
    /// <param name="receipts">The receipts, at most 65,535.</param>
    public static byte[] Sign(Chain chain, ISigner identity, ReplicaId validator, Height height, ReadOnlySpan<Receipt> receipts)
    {
        var content = new CanonicalWriter(16 + (receipts.Length * 64));
        content.Byte((byte)SignedPurpose.Receipts);
        content.UInt16((ushort)validator.Value);
        content.UInt64(height.Value);
        content.UInt16(checked((ushort)receipts.Length));
        foreach (Receipt receipt in receipts)
        {
            Encode(receipt, content);
        }

        var frame = new CanonicalWriter(content.Length + 5 + SignatureBytes);
        frame.Byte((byte)FrameKind.Receipts);
        frame.Bytes(content.Span);
        identity.Sign(chain.SignedContent(Preimage.Receipts, content.Span), frame.Reserve(SignatureBytes));
        return frame.ToArray();
    }

    /// <summary>Reads the frame; null when malformed. The signature is not checked here.</summary>
    public static SignedReceipts? Decode(ReadOnlyMemory<byte> frame)
    {
        var reader = new CanonicalReader(frame);
        bool isReceipts = reader.Byte() == (byte)FrameKind.Receipts;
        ReadOnlyMemory<byte> content = reader.Bytes(frame.Length);
        ReadOnlyMemory<byte> signature = reader.Raw(SignatureBytes);
        if (!isReceipts || !reader.Complete)
        {
            return null;
        }

        var inner = new CanonicalReader(content);
        bool isPurpose = inner.Byte() == (byte)SignedPurpose.Receipts;
        var validator = new ReplicaId(inner.UInt16());
        var height = new Height(inner.UInt64());
        int count = inner.UInt16();
        if (!isPurpose || count > inner.Remaining / LeastReceiptBytes)
        {
            return null;
        }

        var receipts = new Receipt[count];
        for (int i = 0; i < count; i++)
        {
            receipts[i] = DecodeReceipt(ref inner);
        }

        return inner.Complete ? new SignedReceipts(validator, height, receipts, content, signature) : null;
    }

    /// <summary>True when both results say the same of the same transactions, byte for byte.</summary>
    public static bool AreEqual(in Receipt left, in Receipt right) =>
        left.Client == right.Client && left.First == right.First && left.Count == right.Count && left.Height == right.Height &&
        left.Codes.Span.SequenceEqual(right.Codes.Span);

    /// <summary>Writes one receipt.</summary>
    public static void Encode(in Receipt receipt, CanonicalWriter writer)
    {
        writer.Digest(receipt.Client);
        writer.UInt64(receipt.First);
        writer.UInt16(checked((ushort)receipt.Count));
        writer.UInt64(receipt.Height.Value);
        ReadOnlySpan<byte> codes = receipt.Codes.Span;
        writer.Bytes(AreAllEqual(codes) ? codes[..1] : codes);
    }

    private static Receipt DecodeReceipt(ref CanonicalReader reader)
    {
        var receipt = new Receipt(reader.Digest(), reader.UInt64(), reader.UInt16(), new Height(reader.UInt64()), reader.Bytes(ushort.MaxValue));
        if (receipt.Count == 0 || (receipt.Codes.Length != 1 && (receipt.Codes.Length != receipt.Count || AreAllEqual(receipt.Codes.Span))))
        {
            reader.Fail();
        }

        return receipt;
    }

    // One encoding per value: codes that are all equal are always folded to one, whatever the executor handed over.
    private static bool AreAllEqual(ReadOnlySpan<byte> codes) => codes.Length > 1 && codes.IndexOfAnyExcept(codes[0]) < 0;
}
