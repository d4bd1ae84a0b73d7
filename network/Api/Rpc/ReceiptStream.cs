using System.Collections.Concurrent;
using System.Threading.Channels;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Api.Frames;
using Grpc.Core;

namespace Bft.Network.Api.Rpc;

/// <summary>
/// The outbound half of a Submit or Receipts stream: one writer that interleaves acknowledgements with the signed receipts of the
/// clients this stream follows. What a slow reader can make us hold is bounded on both sides.
/// </summary>
internal sealed class ReceiptStream : IDisposable
{
    /// <summary>How long an acknowledgement that nobody acts on may wait for receipts to travel with.</summary>
    private static readonly TimeSpan Leisure = TimeSpan.FromMilliseconds(50);

    /// <summary>So many of them do not wait any longer.</summary>
    private const int MostAtLeisure = 8;

    /// <summary>What is written before it is flushed, about.</summary>
    private const int FlushBytes = 64 << 10;

    /// <summary>While so many bytes wait, nothing is queued: acknowledgements of many refused runs are large, and a client need not read them.</summary>
    private const int MostQueuedBytes = 128 << 10;

    private static readonly WriteOptions Unflushed = new(WriteFlags.BufferHint);

    private readonly IValidatorGateway _gateway;
    private readonly ApiLimits _limits;
    private readonly int _maxFrameBytes;
    private readonly ConcurrentDictionary<Digest, byte> _clients = new();
    private readonly Channel<byte[]> _frames;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ReceiptSubscription _subscription;
    private readonly ITimer _leisure;
    private readonly Channel<bool> _room = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private int _atLeisure;
    private int _queuedBytes;

    public ReceiptStream(IValidatorGateway gateway, ApiLimits limits)
    {
        _gateway = gateway;
        _limits = limits;
        _maxFrameBytes = limits.FrameBytesOn(gateway.Chain);
        _frames = Channel.CreateBounded<byte[]>(limits.MaxQueuedAcknowledgements);
        _subscription = gateway.Receipts.Subscribe();
        _subscription.OnArrival(Wake);
        _leisure = TimeProvider.System.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Adds a client whose receipts are wanted.</summary>
    /// <exception cref="RpcException">The stream follows as many as it may.</exception>
    public void Follow(Digest client)
    {
        if (!_clients.ContainsKey(client))
        {
            if (_clients.Count >= _limits.MaxSubscribedClients)
            {
                throw Refusals.Exhausted($"This stream follows {_clients.Count} clients, the most it may (MaxSubscribedClients): open another stream.");
            }

            _clients[client] = 0;
        }
    }

    /// <summary>Queues a frame; waits while the reader is behind. For one task.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="atLeisure">It may wait for others to travel with: each flush costs both sides more than a small frame does.</param>
    /// <param name="cancellation">Gives up.</param>
    public async ValueTask EnqueueAsync(byte[] frame, bool atLeisure, CancellationToken cancellation)
    {
        while (Volatile.Read(ref _queuedBytes) >= MostQueuedBytes)
        {
            Wake();
            await _room.Reader.ReadAsync(cancellation);
        }

        Interlocked.Add(ref _queuedBytes, frame.Length);
        await _frames.Writer.WriteAsync(frame, cancellation);
        int waiting = atLeisure ? Interlocked.Increment(ref _atLeisure) : MostAtLeisure;
        if (waiting >= MostAtLeisure)
        {
            Wake();
        }
        else if (waiting == 1)
        {
            _leisure.Change(Leisure, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>No more frames will be queued: the writer ends when it has written what there is.</summary>
    public void Complete()
    {
        _frames.Writer.TryComplete();
        Wake();
    }

    /// <summary>Writes until <see cref="Complete"/> or cancelled.</summary>
    public async Task WriteAsync(IServerStreamWriter<RawFrame> writer, CancellationToken cancellation)
    {
        var ready = new List<byte[]>();
        while (true)
        {
            Gather(ready);
            if (ready.Count > 0)
            {
                await WriteAsync(writer, ready, cancellation);
            }
            else if (_frames.Reader.Completion.IsCompleted)
            {
                return;
            }
            else
            {
                await _wake.Reader.ReadAsync(cancellation);
            }
        }
    }

    // A frame that is not the last is written without a flush of its own.
    private static async Task WriteAsync(IServerStreamWriter<RawFrame> writer, List<byte[]> frames, CancellationToken cancellation)
    {
        for (int i = 0; i < frames.Count; i++)
        {
            writer.WriteOptions = i < frames.Count - 1 ? Unflushed : null;
            await writer.WriteAsync(new RawFrame(frames[i]), cancellation);
        }

        frames.Clear();
    }

    // Acknowledgements first, then the receipts of one block, or the gap before it.
    private void Gather(List<byte[]> ready)
    {
        Interlocked.Exchange(ref _atLeisure, 0);
        int bytes = 0;
        while (bytes < FlushBytes && _frames.Reader.TryRead(out byte[]? frame))
        {
            bytes += frame.Length;
            ready.Add(frame);
        }

        if (bytes > 0)
        {
            Interlocked.Add(ref _queuedBytes, -bytes);
            _room.Writer.TryWrite(true);
        }

        if (bytes < FlushBytes && _subscription.TryRead(out ReceiptItem item))
        {
            ready.AddRange(Frames(item));
        }
    }

    /// <summary>Signs receipts in as many frames as the limits ask for.</summary>
    public IEnumerable<byte[]> SignAll(Height height, Receipt[] receipts)
    {
        int start = 0;
        int bytes = 0;
        for (int i = 0; i < receipts.Length; i++)
        {
            int next = SignedReceipts.ReceiptOverheadBytes + receipts[i].Codes.Length;
            if (i > start && (bytes + next > _maxFrameBytes || i - start >= _limits.MaxReceiptsPerFrame))
            {
                yield return Sign(height, receipts.AsSpan(start..i));
                start = i;
                bytes = 0;
            }

            bytes += next;
        }

        if (start < receipts.Length)
        {
            yield return Sign(height, receipts.AsSpan(start));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _leisure.Dispose();
        _subscription.Dispose();
    }

    private byte[] Sign(Height height, ReadOnlySpan<Receipt> receipts) =>
        SignedReceipts.Sign(_gateway.Chain, _gateway.Identity, _gateway.Self, height, receipts);

    private IEnumerable<byte[]> Frames(ReceiptItem item)
    {
        if (item.Executed is not { } executed)
        {
            return [new GapFrame(item.FirstLost, item.LastLost).Encode()];
        }

        Receipt[] wanted = [.. Wanted(executed)];
        if (wanted.Length == 0 || wanted.Length > _limits.MaxReceiptsPerFrame ||
            wanted.Sum(receipt => (long)SignedReceipts.ReceiptOverheadBytes + receipt.Codes.Length) > _maxFrameBytes)
        {
            return SignAll(executed.Height, wanted);
        }

        // A stream that follows all clients of the block, or one of them, shares its signature with the others that do. One that
        // follows several but not all has one of its own.
        if (wanted.Length == executed.Receipts.Length)
        {
            return [executed.SignedFrame(_gateway.Chain, _gateway.Identity, _gateway.Self)];
        }

        Digest client = wanted[0].Client;
        return wanted.All(receipt => receipt.Client == client)
            ? [executed.SignedFrameOf(client, _gateway.Chain, _gateway.Identity, _gateway.Self)]
            : SignAll(executed.Height, wanted);
    }

    private IEnumerable<Receipt> Wanted(ExecutedReceipts executed)
    {
        for (int i = 0; i < executed.Receipts.Length; i++)
        {
            Receipt receipt = executed.Receipts.Span[i];
            if (_clients.ContainsKey(receipt.Client))
            {
                yield return receipt;
            }
        }
    }

    private void Wake() => _wake.Writer.TryWrite(true);
}
