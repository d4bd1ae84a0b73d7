using System.Collections.Concurrent;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Api;
using Bft.Network.Api.Frames;

namespace Bft.Client;

/// <summary>
/// Carries runs to validators until f+1 of them gave equal signed receipts. A run goes to one validator; when that one dies, stalls,
/// is full or refuses, the same bytes go to others: the replicated session executes them once and repeats its first result. Whoever sends, and in whatever order: no run
/// leaves that is further ahead of its client's oldest unfinished one than the session reaches (<see cref="RunHorizon"/>).
/// </summary>
internal sealed class RunSender : ILinkEvents, IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LeastFullBackoff = TimeSpan.FromMilliseconds(20);

    // After one validator's receipt the others' follow within moments, or were sent before they knew of this client, and are lost.
    private static readonly TimeSpan MissingReceipts = TimeSpan.FromSeconds(1);

    private readonly Chain _chain;
    private readonly ValidatorKeys _keys;
    private readonly BftClientOptions _options;
    private readonly TransactionWindow _window;
    private readonly ConcurrentDictionary<(Digest Client, ulong First), OutstandingRun> _outstanding = new();
    private readonly ConcurrentDictionary<Digest, RunHorizon> _horizons = new();

    // Runs that are answered in parts, which are not found by the sequence they start at.
    private readonly ConcurrentDictionary<OutstandingRun, bool> _split = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _gate = new();
    private ValidatorLink[] _links = [];
    private Task _work = Task.CompletedTask;
    private bool _isClosed;
    private TaskCompletionSource _changed = New();
    private int _preferred;

    // No run is to be sent again before: thousands are under way, and looking through them every tick cost more than carrying them.
    private long _earliestResend = long.MaxValue;

    public RunSender(Chain chain, ValidatorKeys keys, BftClientOptions options)
    {
        _chain = chain;
        _keys = keys;
        _options = options;
        _window = new TransactionWindow(options.Window);
    }

    /// <summary>Opens the streams; waits until f+1 different validators welcomed the client.</summary>
    /// <exception cref="BftClientException">Fewer did in time; the message has each endpoint's reason.</exception>
    public async Task ConnectAsync(ValidatorLink[] links, CancellationToken cancellation)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (_links.Length == 0)
            {
                _links = links;
                _preferred = Random.Shared.Next(links.Length);
                _work = Task.WhenAll([ResendAsync(), .. links.Select(link => link.RunAsync(_ended.Token))]);
            }
        }

        if (Ready(links) >= _chain.Committee.HonestSize)
        {
            return;
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _ended.Token);
        timeout.CancelAfter(_options.ConnectTimeout);
        while (true)
        {
            Task changed = Volatile.Read(ref _changed).Task;
            int ready = Ready(links);
            if (ready >= _chain.Committee.HonestSize)
            {
                return;
            }

            if (links.Count(link => !link.IsRefused) < _chain.Committee.HonestSize)
            {
                throw TooFew(links, ready);
            }

            try
            {
                await changed.WaitAsync(timeout.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw TooFew(links, ready);
            }
        }
    }

    /// <summary>How many runs have no outcome yet.</summary>
    internal int Outstanding => _outstanding.Count;

    public static void Follow(ValidatorLink[] links, Digest client)
    {
        foreach (ValidatorLink link in links)
        {
            link.Follow(client);
        }
    }

    /// <summary>Takes room for that many transactions; waits while the window is full.</summary>
    /// <exception cref="BftClientException">The client was closed.</exception>
    public ValueTask AcquireAsync(int count, CancellationToken cancellation) => _window.AcquireAsync(count, cancellation);

    /// <summary>Gives back room that no run was sent for.</summary>
    public void Release(int count) => _window.Release(count);

    /// <summary>Waits until a new run of that client, of so many transactions at most, need not wait any more.</summary>
    public ValueTask RoomAsync(Digest client, int count, CancellationToken cancellation) => HorizonOf(client).RoomAsync(count, cancellation);

    /// <summary>Sends a run for which room was taken, as soon as it is within its client's horizon; the room is given back with its outcome.</summary>
    /// <param name="run">The run.</param>
    /// <param name="cancellation">Ends the wait. A run that was not sent by then is not sent; one that was is carried until it has an outcome.</param>
    /// <exception cref="BftClientException">Another content is in flight under its first sequence, or the client was closed.</exception>
    public async Task<RunResult> SendAcquiredAsync(Run run, CancellationToken cancellation)
    {
        Follow(_links, run.Client);
        try
        {
            await HorizonOf(run.Client).EnterAsync(run.First, run.Count, cancellation);
        }
        catch
        {
            _window.Release(run.Count);
            throw;
        }

        var outstanding = new OutstandingRun(run, _chain.Committee);
        OutstandingRun carried = _outstanding.GetOrAdd((run.Client, run.First), outstanding);
        if (carried != outstanding)
        {
            GiveBack(run);
            return carried.Run.Digest == run.Digest
                ? await carried.Result.WaitAsync(cancellation)
                : throw new BftClientException($"Sequence {run.First} of client {run.Client} is in flight already with other content: each sequence is used once.");
        }

        if (_ended.IsCancellationRequested)
        {
            Finish(outstanding);
            throw Closed();
        }

        Send(outstanding, spread: false);
        return await outstanding.Result.WaitAsync(cancellation);
    }

    /// <inheritdoc/>
    public void OnUp(ValidatorLink link)
    {
        foreach (OutstandingRun run in _outstanding.Values)
        {
            link.TrySend(run);
        }

        Interlocked.Exchange(ref _changed, New()).TrySetResult();
    }

    /// <inheritdoc/>
    public void OnDown(ValidatorLink link)
    {
        foreach (OutstandingRun run in _outstanding.Values)
        {
            if (run.Target == link)
            {
                Schedule(run, Now);
            }
        }

        Interlocked.Exchange(ref _changed, New()).TrySetResult();
    }

    /// <inheritdoc/>
    public void OnAnswer(ValidatorLink link, OutstandingRun run, SubmitAnswer answer)
    {
        switch (answer.Verdict)
        {
            case SubmitVerdict.Full:
                int doublings = Math.Min(run.Refusals++, 6);
                Schedule(run, Now + (long)(LeastFullBackoff.TotalMilliseconds * (1 << doublings)));
                MoveOn(link);
                break;
            case SubmitVerdict.Rejected:
                // One validator's word does not count against a run either.
                if (run.Reject(link.Validator, answer.Reason ?? "rejected without a reason"))
                {
                    Finish(run);
                }
                else if (run.Target == link)
                {
                    Schedule(run, Now);
                }

                break;
            default:
                break;
        }
    }

    /// <inheritdoc/>
    public void OnReceipts(SignedReceipts receipts)
    {
        bool verified = false;
        foreach (Receipt receipt in receipts.Receipts)
        {
            // A run's first part starts where it does, and comes first.
            if (_outstanding.TryGetValue((receipt.Client, receipt.First), out OutstandingRun? run) && !TryCount(run, receipts, receipt, ref verified))
            {
                return;
            }

            if (_split.IsEmpty)
            {
                continue;
            }

            foreach (OutstandingRun split in _split.Keys)
            {
                if (!TryCount(split, receipts, receipt, ref verified))
                {
                    return;
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            // After it, nothing is connected any more.
            _isClosed = true;
        }

        await _ended.CancelAsync();
        await _work;
        foreach (OutstandingRun run in _outstanding.Values)
        {
            run.Abandon(Closed());
        }

        _outstanding.Clear();
        _window.Close(NotSent());
        foreach (RunHorizon horizon in _horizons.Values)
        {
            horizon.Close(NotSent());
        }
    }

    private static long Now => Environment.TickCount64;

    /// <summary>What ends a call whose run was sent.</summary>
    internal static BftClientException Closed() =>
        new("The client was closed before this run's outcome was known: submit the same bytes again to learn it; they are executed once.");

    /// <summary>What ends a call whose run was not.</summary>
    internal static BftClientException NotSent() => new("The client was closed before this could be sent: nothing of it was.");

    private static int Ready(ValidatorLink[] links) => links.Where(link => link.IsReady).Select(link => link.Validator).Distinct().Count();

    private RunHorizon HorizonOf(Digest client)
    {
        RunHorizon horizon = _horizons.GetOrAdd(client, static (_, limits) => new RunHorizon(limits), _chain.Limits);
        if (_ended.IsCancellationRequested)
        {
            // It may have come after the others were closed.
            horizon.Close(NotSent());
        }

        return horizon;
    }

    private BftClientException TooFew(ValidatorLink[] links, int ready) => new(
        $"Of the {_chain.Committee.HonestSize} validators (f+1) that a commit needs, {ready} are reachable: " +
        string.Join("; ", links.Where(link => !link.IsReady).Select(link => $"{link.Endpoint}: {link.LastError}")));

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // False when the frame's signature does not hold. Checked once, and only when it can say something new.
    private bool TryCount(OutstandingRun run, SignedReceipts receipts, in Receipt receipt, ref bool verified)
    {
        if (!run.Wants(receipts.Validator, receipt))
        {
            return true;
        }

        if (!verified && !_keys.IsSigned(receipts.Validator, receipts.SignedContent.Span, receipts.Signature.Span))
        {
            return false;
        }

        verified = true;
        if (!run.IsOrdered)
        {
            Schedule(run, Math.Min(run.ResendAt, Now + (long)MissingReceipts.TotalMilliseconds));
        }

        // The codes are copied: the result outlives the frame they lie in.
        if (run.Count(receipts.Validator, receipt with { Codes = receipt.Codes.ToArray() }))
        {
            Finish(run);
        }
        else if (run.IsSplit && _split.TryAdd(run, true) && run.Result.IsCompleted)
        {
            // Another validator's receipt finished it meanwhile.
            _split.TryRemove(run, out _);
        }

        return true;
    }

    private void Finish(OutstandingRun run)
    {
        _split.TryRemove(run, out _);
        if (_outstanding.TryRemove(new((run.Run.Client, run.Run.First), run)))
        {
            GiveBack(run.Run);
        }
    }

    private void GiveBack(Run run)
    {
        _window.Release(run.Count);
        HorizonOf(run.Client).Leave(run.First);
    }

    private async Task ResendAsync()
    {
        using var timer = new PeriodicTimer(Tick);
        try
        {
            while (await timer.WaitForNextTickAsync(_ended.Token))
            {
                long now = Now;
                if (now < Volatile.Read(ref _earliestResend))
                {
                    continue;
                }

                // Before the look: what is due earlier from now on says so itself. Not by its values, which would be copied under all its locks.
                Interlocked.Exchange(ref _earliestResend, long.MaxValue);
                foreach ((_, OutstandingRun run) in _outstanding)
                {
                    if (now < run.ResendAt)
                    {
                        LookBy(run.ResendAt);
                    }
                    else
                    {
                        run.Attempts++;
                        if (!run.IsOrdered)
                        {
                            MoveOn(run.Target);
                        }

                        Send(run, spread: run.Attempts > 1 || run.IsOrdered);
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private void Schedule(OutstandingRun run, long at)
    {
        run.ResendAt = at;

        // A look that begins now sees the run's new time, or this sees that it began.
        Interlocked.MemoryBarrier();
        LookBy(at);
    }

    private void LookBy(long at)
    {
        long earliest = Volatile.Read(ref _earliestResend);
        while (at < earliest)
        {
            long seen = Interlocked.CompareExchange(ref _earliestResend, at, earliest);
            if (seen == earliest)
            {
                return;
            }

            earliest = seen;
        }
    }

    // All that follows avoids a validator that failed once, until another one fails.
    private void MoveOn(ValidatorLink? from)
    {
        int preferred = Volatile.Read(ref _preferred);
        if (from is not null && _links[preferred] == from)
        {
            Interlocked.CompareExchange(ref _preferred, (preferred + 1) % _links.Length, preferred);
        }
    }

    private void Send(OutstandingRun run, bool spread)
    {
        double factor = Math.Min(1 << Math.Min(run.Attempts, 3), 8);
        Schedule(run, Now + (long)(_options.RetryAfter.TotalMilliseconds * factor));
        int start = Volatile.Read(ref _preferred);
        for (int i = 0; i < _links.Length; i++)
        {
            ValidatorLink link = _links[(start + i) % _links.Length];
            if (link.TrySend(run))
            {
                run.Target = link;
                if (!spread)
                {
                    return;
                }
            }
        }

        if (run.Target is null || !run.Target.IsReady)
        {
            // Nobody took it: try again as soon as somebody is there.
            Schedule(run, Now + (long)Tick.TotalMilliseconds);
            run.Attempts = Math.Max(0, run.Attempts - 1);
        }
    }
}
