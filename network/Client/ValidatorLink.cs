using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using Bft.Crypto;
using Bft.Engine;
using Bft.Network.Api;
using Bft.Network.Api.Frames;
using Bft.Network.Api.Rpc;
using Bft.Network.Protocol;
using Grpc.Core;
using Grpc.Net.Client;

namespace Bft.Client;

/// <summary>
/// One endpoint: a channel for questions and, once runs are submitted, one Submit stream that is kept up with back-off. What an
/// endpoint says without a signature is a hint; it can only cost time.
/// </summary>
internal sealed class ValidatorLink : IDisposable
{
    // A stalled endpoint must not collect retries without end: beyond this, it is passed over.
    private const int MaxQueuedRuns = 8192;
    private const int MaxRunsPerFrame = 256;

    // Of frames that an endpoint never acknowledges, only so many are kept: an answer is a hint, and what is forgotten costs a retry.
    private const ulong MaxFramesUnanswered = 256;

    // What any validator takes before its Welcome says how many more.
    private const int MaxClientsInHello = 64;

    private static readonly TimeSpan LeastBackoff = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MostBackoff = TimeSpan.FromSeconds(5);

    private readonly GrpcChannel _channel;
    private readonly CallInvoker _invoker;
    private readonly Chain _chain;
    private readonly TimeSpan _callTimeout;
    private readonly ILinkEvents _events;
    private readonly ConcurrentDictionary<Digest, byte> _clients = new();
    private Channel<OutstandingRun?>? _queue;
    private bool _isRefused;
    private ReplicaId? _name;

    /// <param name="endpoint">Where it connects.</param>
    /// <param name="expected">Who genesis says is there; null when it does not say: then the first Welcome does, for good.</param>
    /// <param name="channel">The channel to it; owned.</param>
    /// <param name="chain">The chain.</param>
    /// <param name="callTimeout">How long a Welcome may take.</param>
    /// <param name="events">Who is told.</param>
    public ValidatorLink(Uri endpoint, ReplicaId? expected, GrpcChannel channel, Chain chain, TimeSpan callTimeout, ILinkEvents events)
    {
        Endpoint = endpoint;
        _name = expected;
        _channel = channel;
        _invoker = channel.CreateCallInvoker();
        _chain = chain;
        _callTimeout = callTimeout;
        _events = events;
        Api = new ClientApi.ClientApiClient(_invoker);
    }

    public Uri Endpoint { get; }

    /// <summary>The generated client for questions.</summary>
    public ClientApi.ClientApiClient Api { get; }

    /// <summary>True while the stream is up.</summary>
    public bool IsReady => Volatile.Read(ref _queue) is not null;

    /// <summary>
    /// Which validator the endpoint says it is; meaningful once it was ready, and the same ever after. What is unsigned counts under
    /// this name, so one endpoint has one voice: under another name it is down.
    /// </summary>
    public ReplicaId Validator => _name ?? default;

    /// <summary>Why the stream is not up.</summary>
    public string LastError { get; private set; } = "not tried yet";

    /// <summary>True when the endpoint answered that it will not serve this client: another chain or another version.</summary>
    public bool IsRefused => Volatile.Read(ref _isRefused);

    public AsyncServerStreamingCall<RawFrame> Watch(Height from, CancellationToken cancellation) =>
        _invoker.AsyncServerStreamingCall(ClientApiMethods.Watch, null, new CallOptions(cancellationToken: cancellation), new WatchRequest { FromHeight = from.Value });

    /// <summary>Queues a run; false when the stream is down or stalled.</summary>
    public bool TrySend(OutstandingRun run) => Volatile.Read(ref _queue) is { } queue && queue.Writer.TryWrite(run);

    /// <summary>Wants the receipts of a client's runs, from now on and after every reconnect.</summary>
    public void Follow(Digest client)
    {
        if (_clients.TryAdd(client, 0))
        {
            // An empty entry wakes the writer, which looks for new clients before every frame.
            Volatile.Read(ref _queue)?.Writer.TryWrite(null);
        }
    }

    /// <summary>Keeps the stream up until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        TimeSpan backoff = LeastBackoff;
        while (!cancellation.IsCancellationRequested)
        {
            bool wasUp = false;
            try
            {
                wasUp = await StreamAsync(cancellation);
                LastError = "the validator ended the stream";
            }
            catch (RpcException refused)
            {
                wasUp = IsReady;
                // In this order: whoever sees that the link is refused reads why.
                LastError = $"{refused.StatusCode}: {refused.Status.Detail}";
                Volatile.Write(ref _isRefused, refused.StatusCode == StatusCode.FailedPrecondition);
            }
            catch (Exception broken)
            {
                // Whatever happens on a link ends this stream, never the link: it is opened again.
                wasUp = IsReady;
                LastError = broken.Message;
            }

            Volatile.Write(ref _queue, null);
            _events.OnDown(this);
            backoff = wasUp ? LeastBackoff : TimeSpan.FromTicks(Math.Min(backoff.Ticks * 2, MostBackoff.Ticks));
            try
            {
                await Task.Delay(backoff, cancellation);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    public void Dispose() => _channel.Dispose();

    // Returns true when the stream ended after it had been up.
    private async Task<bool> StreamAsync(CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using AsyncDuplexStreamingCall<RawFrame, RawFrame> call =
            _invoker.AsyncDuplexStreamingCall(ClientApiMethods.Submit, null, new CallOptions(cancellationToken: ended.Token));
        ImmutableArray<Digest> named = [.. _clients.Keys.Take(MaxClientsInHello)];
        WelcomeFrame welcome = await GreetAsync(call, named, ended);

        var followed = new HashSet<Digest>(named);
        var frames = new ConcurrentDictionary<ulong, OutstandingRun[]>();
        var queue = Channel.CreateBounded<OutstandingRun?>(new BoundedChannelOptions(MaxQueuedRuns) { SingleReader = true });
        Volatile.Write(ref _isRefused, false);
        Volatile.Write(ref _queue, queue);
        queue.Writer.TryWrite(null);
        _events.OnUp(this);
        Task writing = WriteAsync(call.RequestStream, queue.Reader, frames, followed, welcome, ended.Token);
        try
        {
            Task reading = ReadAsync(call.ResponseStream, frames, ended.Token);
            await await Task.WhenAny(reading, writing);
            return true;
        }
        finally
        {
            queue.Writer.TryComplete();
            await ended.CancelAsync();
            await writing.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task<WelcomeFrame> GreetAsync(AsyncDuplexStreamingCall<RawFrame, RawFrame> call, ImmutableArray<Digest> clients, CancellationTokenSource ended)
    {
        ended.CancelAfter(_callTimeout);
        await call.RequestStream.WriteAsync(new RawFrame(new HelloFrame(HelloFrame.CurrentVersion, _chain.Id, clients).Encode()), ended.Token);
        WelcomeFrame? welcome = await call.ResponseStream.MoveNext(ended.Token) ? WelcomeFrame.Decode(call.ResponseStream.Current.Content) : null;
        ended.CancelAfter(Timeout.InfiniteTimeSpan);
        if (welcome is null || welcome.Chain != _chain.Id || !_chain.Committee.Contains(welcome.Validator))
        {
            throw new InvalidDataException("the endpoint did not welcome this chain's clients: is it a validator of this genesis?");
        }

        _name ??= welcome.Validator;
        return welcome.Validator == _name
            ? welcome
            : throw new InvalidDataException(
                $"the endpoint is validator {_name} by genesis or by its first welcome, and now calls itself {welcome.Validator}: correct the address, or avoid it");
    }

    private async Task WriteAsync(
        IClientStreamWriter<RawFrame> writer, ChannelReader<OutstandingRun?> queue, ConcurrentDictionary<ulong, OutstandingRun[]> frames,
        HashSet<Digest> followed, WelcomeFrame welcome, CancellationToken cancellation)
    {
        ulong number = 0;
        var batch = new List<OutstandingRun>();
        while (await queue.WaitToReadAsync(cancellation))
        {
            ImmutableArray<Digest> added = [.. _clients.Keys.Where(followed.Add).Take(welcome.MaxClients)];
            if (added.Length > 0)
            {
                await writer.WriteAsync(new RawFrame(new SubscribeFrame(added).Encode()), cancellation);
            }

            batch.Clear();
            int bytes = RunsFrame.OverheadBytes;
            while (batch.Count < MaxRunsPerFrame && queue.TryPeek(out OutstandingRun? run))
            {
                int next = run is null ? 0 : RunsFrame.BytesPerRun + run.Run.Encoded.Length;
                if (batch.Count > 0 && bytes + next > welcome.MaxFrameBytes)
                {
                    break;
                }

                queue.TryRead(out _);
                if (run is not null && !run.Result.IsCompleted)
                {
                    batch.Add(run);
                    bytes += next;
                }
            }

            if (batch.Count > 0)
            {
                OutstandingRun[] sent = [.. batch];
                frames[++number] = sent;
                frames.TryRemove(number - MaxFramesUnanswered, out _);
                await writer.WriteAsync(new RawFrame(new RunsFrame(number, [.. sent.Select(run => run.Run.Encoded)]).Encode()), cancellation);
            }
        }
    }

    private async Task ReadAsync(IAsyncStreamReader<RawFrame> reader, ConcurrentDictionary<ulong, OutstandingRun[]> frames, CancellationToken cancellation)
    {
        while (await reader.MoveNext(cancellation))
        {
            ReadOnlyMemory<byte> content = reader.Current.Content;
            switch (content.IsEmpty ? 0 : (FrameKind)content.Span[0])
            {
                case FrameKind.Receipts when SignedReceipts.Decode(content) is { } receipts:
                    _events.OnReceipts(receipts);
                    break;
                case FrameKind.Acknowledgement when AcknowledgementFrame.Decode(content) is { } acknowledgement:
                    if (frames.TryRemove(acknowledgement.Number, out OutstandingRun[]? runs) && runs.Length == acknowledgement.Answers.Count)
                    {
                        for (int i = 0; i < runs.Length; i++)
                        {
                            _events.OnAnswer(this, runs[i], acknowledgement.Answers[i]);
                        }
                    }

                    break;
                case FrameKind.Gap when GapFrame.Decode(content) is not null:
                    _events.OnUp(this);
                    break;
                default:
                    throw new InvalidDataException("the endpoint sent a frame that no validator sends");
            }
        }
    }
}

/// <summary>What a link tells its client. Called on the link's tasks; must not throw.</summary>
internal interface ILinkEvents
{
    /// <summary>The stream is up, or lost receipts: whatever is outstanding is asked for again here.</summary>
    void OnUp(ValidatorLink link);

    /// <summary>The stream is down: what was sent there goes elsewhere.</summary>
    void OnDown(ValidatorLink link);

    /// <summary>An unsigned answer to a run.</summary>
    void OnAnswer(ValidatorLink link, OutstandingRun run, SubmitAnswer answer);

    /// <summary>Receipts, their signature not yet checked.</summary>
    void OnReceipts(SignedReceipts receipts);
}
