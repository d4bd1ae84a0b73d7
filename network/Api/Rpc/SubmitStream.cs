using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Api.Frames;
using Grpc.Core;

namespace Bft.Network.Api.Rpc;

/// <summary>
/// The inbound half of one Submit stream: frames are handled one after another on the reading task, so a client that sends much
/// waits for itself, and one that does not read its acknowledgements is no longer read.
/// </summary>
internal sealed class SubmitStream(IValidatorGateway gateway, ApiLimits limits, ReceiptStream outbound)
{
    public async Task ReadAsync(IAsyncStreamReader<RawFrame> frames, CancellationToken cancellation)
    {
        while (await frames.MoveNext(cancellation))
        {
            RawFrame frame = frames.Current;
            switch (Kind(frame))
            {
                case FrameKind.Runs:
                    RunsFrame runs = RunsFrame.Decode(frame.Content, limits.MaxFrameRuns)
                        ?? throw Refusals.Malformed($"Runs frame of {frame.Content.Length} bytes: not the layout of client.proto, or more than {limits.MaxFrameRuns} runs.");
                    await TakeAsync(runs, cancellation);
                    break;
                case FrameKind.Subscribe:
                    SubscribeFrame subscribe = SubscribeFrame.Decode(frame.Content, limits.MaxSubscribedClients)
                        ?? throw Refusals.Malformed($"Subscribe frame of {frame.Content.Length} bytes: not the layout of client.proto, or more than {limits.MaxSubscribedClients} clients.");
                    foreach (Crypto.Digest client in subscribe.Clients)
                    {
                        outbound.Follow(client);
                    }

                    break;
                case FrameKind.Hello:
                    throw Refusals.Malformed("A second Hello: a stream has one; use Subscribe for more clients.");
                default:
                    throw Refusals.Malformed(frame.Malformed
                        ? "The message is not a protobuf ClientFrame."
                        : $"Frame kind 0x{(frame.Content.IsEmpty ? 0 : frame.Content.Span[0]):x2} is not one a client sends; see client.proto.");
            }
        }
    }

    internal static FrameKind Kind(RawFrame frame) => frame.Malformed || frame.Content.IsEmpty ? 0 : (FrameKind)frame.Content.Span[0];

    private async ValueTask TakeAsync(RunsFrame frame, CancellationToken cancellation)
    {
        var answers = new SubmitAnswer[frame.Runs.Count];
        List<Receipt>? receipts = null;
        bool atLeisure = true;
        for (int i = 0; i < answers.Length; i++)
        {
            // Pooled runs outlive the frame: among others, each gets its own bytes, or one small run would hold a whole frame alive.
            ReadOnlyMemory<byte> encoded = frame.Runs.Count == 1 ? frame.Runs[i] : frame.Runs[i].ToArray();
            answers[i] = Take(encoded, i);
            atLeisure &= answers[i].Verdict is SubmitVerdict.Accepted or SubmitVerdict.Duplicate;
            if (answers[i].Receipts is { } executed)
            {
                (receipts ??= []).AddRange(executed);
            }
        }

        await outbound.EnqueueAsync(new AcknowledgementFrame(frame.Number, answers).Encode(), atLeisure, cancellation);
        if (receipts is { Count: > 0 })
        {
            foreach (byte[] signed in outbound.SignAll(receipts.Max(receipt => receipt.Height), [.. receipts]))
            {
                await outbound.EnqueueAsync(signed, atLeisure: false, cancellation);
            }
        }
    }

    private SubmitAnswer Take(ReadOnlyMemory<byte> encoded, int index)
    {
        if (!Run.TryDecode(gateway.Chain, encoded, out Run? run))
        {
            ChainLimits chain = gateway.Chain.Limits;
            return new SubmitAnswer(SubmitVerdict.Rejected, Reason:
                $"Run {index} of the frame ({encoded.Length} bytes) is malformed, of an unknown signature scheme, or beyond the chain's limits " +
                $"({chain.MaxRunBytes} bytes, {chain.MaxRunTransactions} transactions, {chain.MaxCommandBytes} bytes a command).");
        }

        // Before it is submitted: its receipt may be published before Submit returns.
        outbound.Follow(run!.Client);
        return gateway.Submit(run);
    }
}
