using System.Collections.Concurrent;
using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Api.Frames;

namespace Bft.Network.Api;

/// <summary>The receipts of one executed block, shared by all subscribers, and with them the signature where it serves more than one.</summary>
public sealed class ExecutedReceipts
{
    /// <summary>So many codes take about the room of another receipt.</summary>
    private const int CodesOfAReceipt = 64;

    private readonly Receipt[] _receipts;
    private readonly ConcurrentDictionary<Digest, Lazy<byte[]>> _signedOfClient = new();
    private readonly Lock _signing = new();
    private byte[]? _signed;

    internal ExecutedReceipts(Height height, Receipt[] receipts)
    {
        Height = height;
        _receipts = receipts;
        foreach (Receipt receipt in receipts)
        {
            EncodedBytes += SignedReceipts.ReceiptOverheadBytes + receipt.Codes.Length;
            Weight += 1 + (receipt.Codes.Length / CodesOfAReceipt);
        }
    }

    /// <summary>The executed height.</summary>
    public Height Height { get; }

    /// <summary>All receipts of the block, in execution order.</summary>
    public ReadOnlyMemory<Receipt> Receipts => _receipts;

    /// <summary>What they count in a bound of receipts: one for each, and more for many codes.</summary>
    internal int Weight { get; }

    /// <summary>The weight of all that its feed published, up to and with this.</summary>
    internal long Through { get; set; }

    /// <summary>At most how many bytes the receipts take in a frame.</summary>
    internal long EncodedBytes { get; }

    /// <summary>
    /// The signed frame of all receipts: made once, however many streams want all of them (the streams of one busy client,
    /// usually). Only for blocks that fit one frame.
    /// </summary>
    internal byte[] SignedFrame(Chain chain, ISigner identity, ReplicaId self)
    {
        lock (_signing)
        {
            return _signed ??= SignedReceipts.Sign(chain, identity, self, Height, _receipts);
        }
    }

    /// <summary>
    /// The signed frame of one client's receipts: made once, however many streams follow that client among those of this block.
    /// Only for receipts that fit one frame.
    /// </summary>
    internal byte[] SignedFrameOf(Digest client, Chain chain, ISigner identity, ReplicaId self) => _signedOfClient.GetOrAdd(
        client,
        _ => new Lazy<byte[]>(() => SignedReceipts.Sign(chain, identity, self, Height, [.. _receipts.Where(receipt => receipt.Client == client)]))).Value;
}
