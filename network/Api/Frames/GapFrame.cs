using Bft.Engine;
using Bft.Engine.Encoding;

namespace Bft.Network.Api.Frames;

/// <summary>The receipts of these heights are not coming on this stream: it read too slowly. Runs still wanted are sent again.</summary>
/// <param name="First">The first height.</param>
/// <param name="Last">The last height.</param>
public sealed record GapFrame(Height First, Height Last)
{
    /// <summary>Writes the frame.</summary>
    public byte[] Encode()
    {
        var writer = new CanonicalWriter(32);
        writer.Byte((byte)FrameKind.Gap);
        writer.UInt64(First.Value);
        writer.UInt64(Last.Value);
        return writer.ToArray();
    }

    /// <summary>Reads the frame; null when malformed.</summary>
    public static GapFrame? Decode(ReadOnlyMemory<byte> content)
    {
        var reader = new CanonicalReader(content);
        bool isGap = reader.Byte() == (byte)FrameKind.Gap;
        var frame = new GapFrame(new Height(reader.UInt64()), new Height(reader.UInt64()));
        return isGap && reader.Complete && frame.First <= frame.Last ? frame : null;
    }
}
