namespace Bft.Network.Api.Frames;

/// <summary>The first byte of a frame's content. The values are wire format; <c>client.proto</c> has the layouts.</summary>
public enum FrameKind : byte
{
    /// <summary>First frame of a client.</summary>
    Hello = 0x01,

    /// <summary>Runs of transactions.</summary>
    Runs = 0x02,

    /// <summary>More clients whose receipts are wanted.</summary>
    Subscribe = 0x03,

    /// <summary>First frame of a validator.</summary>
    Welcome = 0x81,

    /// <summary>What became of the runs of one frame.</summary>
    Acknowledgement = 0x82,

    /// <summary>Signed receipts of one block.</summary>
    Receipts = 0x83,

    /// <summary>Heights whose receipts were dropped because the reader was slow.</summary>
    Gap = 0x84,
}

/// <summary>What signed content is for: its first byte, so that no signature under <see cref="Engine.Preimage.Receipts"/> serves two purposes.</summary>
public enum SignedPurpose : byte
{
    /// <summary>Receipts of a block.</summary>
    Receipts = 0x01,

    /// <summary>An answer about a key.</summary>
    Query = 0x02,

    /// <summary>A read index.</summary>
    ReadIndex = 0x03,
}
