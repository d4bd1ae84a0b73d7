using System.Text;
using Bft.Engine.Encoding;

namespace Bft.Network.Api.Frames;

/// <summary>What became of the runs of one frame, in their order.</summary>
/// <param name="Number">The frame's number.</param>
/// <param name="Answers">One a run. A receipt is not carried here but signed, in a receipts frame.</param>
public sealed record AcknowledgementFrame(ulong Number, IReadOnlyList<SubmitAnswer> Answers)
{
    /// <summary>The longest reason in bytes of UTF-8; longer ones are cut.</summary>
    public const int MaxReasonBytes = 512;

    /// <summary>Writes the frame.</summary>
    public byte[] Encode()
    {
        var writer = new CanonicalWriter(16 + (Answers.Count * 5));
        writer.Byte((byte)FrameKind.Acknowledgement);
        writer.UInt64(Number);
        writer.UInt16(checked((ushort)Answers.Count));
        foreach (SubmitAnswer answer in Answers)
        {
            writer.Byte((byte)answer.Verdict);
            byte[] reason = Encoding.UTF8.GetBytes(answer.Reason ?? string.Empty);
            writer.Bytes(reason.AsSpan(0, CutAt(reason)));
        }

        return writer.ToArray();
    }

    /// <summary>Reads the frame; null when malformed.</summary>
    public static AcknowledgementFrame? Decode(ReadOnlyMemory<byte> content)
    {
        var reader = new CanonicalReader(content);
        bool isAcknowledgement = reader.Byte() == (byte)FrameKind.Acknowledgement;
        ulong number = reader.UInt64();
        int count = reader.UInt16();
        if (!isAcknowledgement || count > reader.Remaining / 5)
        {
            return null;
        }

        var answers = new SubmitAnswer[count];
        for (int i = 0; i < count; i++)
        {
            byte verdict = reader.Byte();
            ReadOnlyMemory<byte> reason = reader.Bytes(MaxReasonBytes);
            if (verdict is < (byte)SubmitVerdict.Accepted or > (byte)SubmitVerdict.Rejected)
            {
                return null;
            }

            answers[i] = new SubmitAnswer((SubmitVerdict)verdict, Reason: reason.IsEmpty ? null : Encoding.UTF8.GetString(reason.Span));
        }

        return reader.Complete ? new AcknowledgementFrame(number, answers) : null;
    }

    // Not inside a character: the bytes from 0x80 to 0xBF continue one.
    private static int CutAt(byte[] reason)
    {
        int length = Math.Min(reason.Length, MaxReasonBytes);
        while (length < reason.Length && length > 0 && (reason[length] & 0xc0) == 0x80)
        {
            length--;
        }

        return length;
    }
}
