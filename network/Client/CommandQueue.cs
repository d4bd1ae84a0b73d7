using System.Threading.Channels;
using Bft.Crypto;
using Bft.Engine;

namespace Bft.Client;

/// <summary>
/// Puts the commands of many callers into few runs: whatever waits while a run is made shares the next one, with one signature, one
/// message and one receipt. Sequences are taken when a run is made, so that they are sent in order.
/// </summary>
internal sealed class CommandQueue : IAsyncDisposable
{
    private readonly Chain _chain;
    private readonly BftClientOptions _options;
    private readonly RunSender _sender;
    private readonly Channel<Waiting> _waiting;
    private readonly Digest _client;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _work;

    public CommandQueue(Chain chain, BftClientOptions options, RunSender sender, Digest client)
    {
        _chain = chain;
        _options = options;
        _sender = sender;
        _client = client;
        _waiting = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(options.Window) { SingleReader = true });
        _work = PackAsync();
    }

    private int RunTransactions => Math.Min(_options.RunTransactions, _chain.Limits.MaxRunTransactions);

    public async Task<IReadOnlyList<TransactionResult>> SubmitAsync(IReadOnlyList<ReadOnlyMemory<byte>> commands, CancellationToken cancellation)
    {
        var call = new Call(commands.Count, cancellation);
        for (int i = 0; i < commands.Count; i++)
        {
            try
            {
                await _waiting.Writer.WriteAsync(new Waiting(call, i, commands[i]), cancellation);
            }
            catch (ChannelClosedException)
            {
                // Those of this call that were taken before end it, too.
                throw RunSender.NotSent();
            }
        }

        return await call.Results.WaitAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _ended.CancelAsync();
        await _work;
        while (_waiting.Reader.TryRead(out Waiting waiting))
        {
            waiting.Call.Fail(RunSender.NotSent());
        }
    }

    private async Task PackAsync()
    {
        var batch = new List<Waiting>(_options.RunTransactions);
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(_ended.Token))
            {
                if (_options.Linger > TimeSpan.Zero)
                {
                    await Task.Delay(_options.Linger, _ended.Token);
                }

                // Before the commands are taken: what comes while it waits shares the run.
                await _sender.RoomAsync(_client, RunTransactions, _ended.Token);
                Take(batch);
                if (batch.Count > 0)
                {
                    await _sender.AcquireAsync(batch.Count, _ended.Token);
                    _ = SendAsync([.. batch]);
                }

                batch.Clear();
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed, perhaps while a batch waited for room.
            foreach (Waiting waiting in batch)
            {
                waiting.Call.Fail(RunSender.NotSent());
            }
        }
    }

    private void Take(List<Waiting> batch)
    {
        batch.Clear();
        // Scheme, key, sequence, count and the largest signature.
        int bytes = 256;
        while (batch.Count < RunTransactions && _waiting.Reader.TryPeek(out Waiting next))
        {
            int size = 4 + next.Command.Length;
            if (batch.Count > 0 && bytes + size > _chain.Limits.MaxRunBytes)
            {
                return;
            }

            _waiting.Reader.TryRead(out _);
            if (!next.Call.IsAbandoned)
            {
                batch.Add(next);
                bytes += size;
            }
        }
    }

    // Makes the run before its first wait: runs get their sequences in the order they are sent.
    private async Task SendAsync(Waiting[] batch)
    {
        try
        {
            RunResult result;
            Run run;
            try
            {
                run = MakeRun(batch);
            }
            catch
            {
                _sender.Release(batch.Length);
                throw;
            }

            result = await _sender.SendAcquiredAsync(run, _ended.Token);
            for (int i = 0; i < batch.Length; i++)
            {
                var id = new TransactionId(run.Client, run.First + (ulong)i);
                batch[i].Call.Complete(batch[i].Index, result.Receipt is { } receipt
                    ? new TransactionResult(id, result.HeightAt(i), receipt.CodeAt(i), null)
                    : new TransactionResult(id, default, 0, result.Rejection));
            }
        }
        catch (Exception failed)
        {
            // Each caller's own call ends with what happened to its run. None of them cancelled it: that is how it ends when the client is closed.
            Exception reason = failed is OperationCanceledException ? RunSender.Closed() : failed;
            foreach (Waiting waiting in batch)
            {
                waiting.Call.Fail(reason);
            }
        }
    }

    private Run MakeRun(Waiting[] batch)
    {
        ulong first = _options.Sequences!.Reserve(batch.Length);
        ReadOnlyMemory<byte>[] commands = [.. batch.Select(waiting => waiting.Command)];
        return _options.Signer is { } signer
            ? Run.Sign(_chain, signer, first, commands)
            : Run.WithoutSignature(_chain, _options.UnsignedName!.Value.Span, first, commands);
    }

    private readonly record struct Waiting(Call Call, int Index, ReadOnlyMemory<byte> Command);

    private sealed class Call(int count, CancellationToken cancellation)
    {
        private readonly TransactionResult[] _results = new TransactionResult[count];
        private readonly TaskCompletionSource<IReadOnlyList<TransactionResult>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left = count;

        public Task<IReadOnlyList<TransactionResult>> Results => _done.Task;

        public bool IsAbandoned => cancellation.IsCancellationRequested || _done.Task.IsCompleted;

        public void Complete(int index, in TransactionResult result)
        {
            _results[index] = result;
            if (Interlocked.Decrement(ref _left) == 0)
            {
                _done.TrySetResult(_results);
            }
        }

        public void Fail(Exception reason) => _done.TrySetException(reason);
    }
}
