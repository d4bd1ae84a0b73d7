using Bft.Crypto;
using Bft.Engine.Encoding;

namespace Bft.Engine;

/// <summary>What a block orders: runs of transactions in their canonical bytes. Immutable; slices over the receive buffer.</summary>
/// <remarks>Layout: number of runs (4), then each run with its length (4). The root is the hash of chain id, kind and these bytes.</remarks>
public sealed class Payload
{
    private Payload(ReadOnlyMemory<byte> encoded, Run[] runs, Digest root)
    {
        Encoded = encoded;
        Runs = runs;
        Root = root;
        foreach (Run run in runs)
        {
            Transactions += run.Count;
        }
    }

    /// <summary>The canonical bytes.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>The runs in their order.</summary>
    public IReadOnlyList<Run> Runs { get; }

    /// <summary>The digest a header binds.</summary>
    public Digest Root { get; }

    /// <summary>The number of transactions in all runs.</summary>
    public int Transactions { get; }

    /// <summary>True when there is nothing to execute.</summary>
    public bool IsEmpty => Runs.Count == 0;

    /// <summary>The payload without runs.</summary>
    public static Payload Empty(Chain chain) => chain.EmptyPayload;

    /// <summary>Puts runs together; the caller keeps within <see cref="ChainLimits.MaxPayloadBytes"/>.</summary>
    public static Payload Of(Chain chain, IReadOnlyList<Run> runs)
    {
        int bytes = 4;
        foreach (Run run in runs)
        {
            bytes += 4 + run.Encoded.Length;
        }

        var writer = new CanonicalWriter(bytes);
        writer.UInt32((uint)runs.Count);
        foreach (Run run in runs)
        {
            writer.Bytes(run.Encoded.Span);
        }

        byte[] encoded = writer.Take();
        return new Payload(encoded, [.. runs], chain.DigestOf(Preimage.Payload, encoded));
    }

    /// <summary>Decodes exactly these bytes within the chain's limits; false when malformed. Client signatures are not checked here.</summary>
    public static bool TryDecode(Chain chain, ReadOnlyMemory<byte> bytes, out Payload? payload)
    {
        payload = null;
        if (bytes.Length > chain.Limits.MaxPayloadBytes)
        {
            return false;
        }

        var reader = new CanonicalReader(bytes);
        uint count = reader.UInt32();
        if (count > (uint)bytes.Length / 4)
        {
            return false;
        }

        var runs = new Run[count];
        for (int i = 0; i < runs.Length; i++)
        {
            ReadOnlyMemory<byte> encoded = reader.Bytes(chain.Limits.MaxRunBytes);
            if (reader.Failed || !Run.TryDecode(chain, encoded, out Run? run))
            {
                return false;
            }

            runs[i] = run!;
        }

        if (!reader.Complete)
        {
            return false;
        }

        payload = new Payload(bytes, runs, chain.DigestOf(Preimage.Payload, bytes.Span));
        return true;
    }
}
