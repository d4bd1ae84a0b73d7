using Bft.Engine.Encoding;

namespace Bft.Network.Api.Frames;

/// <summary>Encoded runs from a client, under a number that the acknowledgement repeats.</summary>
/// <param name="Number">The client's number for the frame.</param>
/// <param name="Runs">The runs' bytes, not yet decoded: one that is malformed is refused alone.</param>
public sealed record RunsFrame(ulong Number, IReadOnlyList<ReadOnlyMemory<byte>> Runs)
{
    /// <summary>What a run costs in a frame besides its own bytes.</summary>
    public const int BytesPerRun = 4;

    /// <summary>What a frame costs besides its runs.</summary>
    public const int OverheadBytes = 1 + 8 + 2;

    /// <summary>Writes the frame.</summary>
    public byte[] Encode()
    {
        var writer = new CanonicalWriter(OverheadBytes + Runs.Sum(run => BytesPerRun + run.Length));
        writer.Byte((byte)FrameKind.Runs);
        writer.UInt64(Number);
        writer.UInt16(checked((ushort)Runs.Count));
        foreach (ReadOnlyMemory<byte> run in Runs)
        {
            writer.Bytes(run.Span);
        }

        return writer.ToArray();
    }

    /// <summary>Reads the frame, slicing runs out of <paramref name="content"/>; null when malformed or of more runs than <paramref name="mostRuns"/>.</summary>
    public static RunsFrame? Decode(ReadOnlyMemory<byte> content, int mostRuns)
    {
        var reader = new CanonicalReader(content);
        bool isRuns = reader.Byte() == (byte)FrameKind.Runs;
        ulong number = reader.UInt64();
        int count = reader.UInt16();
        if (!isRuns || count > mostRuns || count > reader.Remaining / BytesPerRun)
        {
            return null;
        }

        var runs = new ReadOnlyMemory<byte>[count];
        for (int i = 0; i < count; i++)
        {
            runs[i] = reader.Bytes(content.Length);
        }

        return reader.Complete ? new RunsFrame(number, runs) : null;
    }
}
