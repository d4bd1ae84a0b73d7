using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using Bft.Testnet.Homes;
using Bft.Testnet.Submission;

namespace Bft.Testnet.Supervision;

/// <summary>
/// Runs every validator as a process of its own: starts them, waits until each says that it is ready, keeps their logs, says who
/// died, brings the dead back if asked to, and stops them all.
/// </summary>
/// <remarks>
/// A child says that it is ready by one line on standard output (<see cref="ChildEvent"/>). Its standard input is a pipe that ends
/// with this process, however that ends; a child takes that as the order to stop, so no orphan is left.
/// </remarks>
public sealed class Supervisor : IAsyncDisposable
{
    private const int MostLogLineBytes = 64 << 10;

    // A grandchild may hold the pipes open; the death of the child is not to be reported any later for that.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly ImmutableArray<Child> _children;
    private readonly Func<HomeLayout, ProcessStartInfo> _command;
    private readonly SupervisorOptions _options;
    private readonly Action<SupervisorEvent> _notify;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _killing = new();

    /// <summary>Prepares a supervisor; nothing is started yet.</summary>
    /// <param name="homes">The homes; validator i lives in the i-th.</param>
    /// <param name="command">How to start the validator of a home. Streams are redirected here.</param>
    /// <param name="options">How to treat them.</param>
    /// <param name="notify">Told what happens; called from several threads.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public Supervisor(
        IEnumerable<HomeLayout> homes, Func<HomeLayout, ProcessStartInfo> command, SupervisorOptions options, Action<SupervisorEvent> notify, TimeProvider? time = null)
    {
        _children = [.. homes.Select((home, id) => new Child(id, home, new BoundedLog(home.Log)))];
        _command = command;
        _options = options;
        _notify = notify;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>How many validators run at the moment.</summary>
    public int Living => _children.Count(child => child.Runs);

    /// <summary>True when that validator's process runs at the moment.</summary>
    public bool Runs(int validator) => _children[validator].Runs;

    /// <summary>What that validator's process last told of its counters, or null when it never did.</summary>
    public ValidatorCost? CostOf(int validator) => _children[validator].Cost;

    /// <summary>Starts all validators and returns when all are ready.</summary>
    /// <exception cref="TestnetException">One died before it was ready, could not be started, or was not ready in time.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        foreach (Child child in _children)
        {
            child.Life = SuperviseAsync(child);
        }

        Task all = Task.WhenAll(_children.Select(child => child.FirstReady.Task));
        Task first = all;

        // The first failure ends the wait, not the last: one that died is told at once though others are still starting.
        List<Task> waiting = [.. _children.Select(child => child.FirstReady.Task)];
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            Task late = Task.Delay(_options.ReadyWithin, _time, limit.Token);
            while (waiting.Count > 0)
            {
                first = await Task.WhenAny([.. waiting, late]);
                if (first == late)
                {
                    cancellation.ThrowIfCancellationRequested();
                    throw new TestnetException(
                        $"not ready within {_options.ReadyWithin.TotalSeconds:0} s", $"validators {string.Join(", ", _children.Where(child => !child.FirstReady.Task.IsCompleted).Select(child => child.Id))}", "see their logs");
                }

                await first;
                waiting.Remove(first);
            }

            await limit.CancelAsync();
        }
        catch
        {
            // Only the first failure is told; the others are looked at here so that they do not surface elsewhere.
            _ = all.Exception;
            throw;
        }
    }

    /// <summary>Completes when no validator runs any more and none will be brought back.</summary>
    public Task AllEndedAsync() => Task.WhenAll(_children.Select(child => child.Life));

    /// <summary>Asks all validators to stop, and kills those that have not within the grace period.</summary>
    /// <returns>The validators that had to be killed.</returns>
    public async Task<ImmutableArray<int>> StopAsync()
    {
        await _stopping.CancelAsync();
        Task ended = AllEndedAsync();
        if (await Task.WhenAny(ended, Task.Delay(_options.Grace, _time)) == ended)
        {
            return [];
        }

        ImmutableArray<int> stubborn = [.. _children.Where(child => child.Runs).Select(child => child.Id)];
        await _killing.CancelAsync();
        await ended;
        return stubborn;
    }

    /// <summary>Stops what still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (Child child in _children)
        {
            child.Log.Dispose();
        }

        _stopping.Dispose();
        _killing.Dispose();
    }

    private async Task SuperviseAsync(Child child)
    {
        TimeSpan backOff = _options.FirstBackOff;
        while (true)
        {
            long started = _time.GetTimestamp();
            int exitCode;
            try
            {
                exitCode = await RunOnceAsync(child);
            }
            catch (Exception exception) when (exception is Win32Exception or InvalidOperationException)
            {
                child.FirstReady.TrySetException(new TestnetException($"the process cannot be started: {exception.Message}", $"validator {child.Id}", "check the executable and its permissions", exception));
                return;
            }

            if (_stopping.IsCancellationRequested)
            {
                child.FirstReady.TrySetCanceled();
                return;
            }

            bool wasReady = child.FirstReady.Task.IsCompletedSuccessfully;
            var died = new ValidatorDied(child.Id, exitCode, wasReady, child.Log.Tail);
            _notify(died);
            if (!wasReady)
            {
                child.FirstReady.TrySetException(new TestnetException(died.Describe(), child.Home.Log, "see its last lines and log for the cause"));
            }

            if (!_options.Restart || !wasReady)
            {
                return;
            }

            backOff = _time.GetElapsedTime(started) >= _options.HealthyAfter ? _options.FirstBackOff : backOff;
            _notify(new ValidatorRestarting(child.Id, backOff));
            await Task.Delay(backOff, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            backOff = backOff * 2 < _options.MostBackOff ? backOff * 2 : _options.MostBackOff;
        }
    }

    private async Task<int> RunOnceAsync(Child child)
    {
        ProcessStartInfo start = _command(child.Home);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.UseShellExecute = false;
        child.Log.StartTail();
        child.Cost = null;
        using var process = Process.Start(start) ?? throw new InvalidOperationException("no process was made");
        child.Runs = true;
        _notify(new ValidatorStarted(child.Id, process.Id));
        try
        {
            using CancellationTokenRegistration terminate = _stopping.Token.Register(() => Termination.Ask(process));
            using CancellationTokenRegistration kill = _killing.Token.Register(() => Termination.Kill(process));
            Task words = Task.WhenAll(
                ReadAsync(process.StandardOutput.BaseStream, child, understand: true),
                ReadAsync(process.StandardError.BaseStream, child, understand: false));
            await process.WaitForExitAsync();
            await Task.WhenAny(words, Task.Delay(LastWords, _time));
            RemovePid(child.Home, process.Id);
            return process.ExitCode;
        }
        finally
        {
            child.Runs = false;
        }
    }

    private async Task ReadAsync(Stream stream, Child child, bool understand)
    {
        var reader = new LineReader(stream, MostLogLineBytes);
        bool announced = false;
        try
        {
            while (await reader.ReadAsync(CancellationToken.None) is { } line)
            {
                ChildEvent said = understand ? ChildEvent.Read(line.Bytes) : default;
                child.Log.Append(line.TooLong ? "(a line too long for the log)"u8 : line.Bytes.Span, routine: said.Cost is not null);
                child.Cost = said.Cost ?? child.Cost;
                if (said.Ready && !announced)
                {
                    announced = true;
                    child.FirstReady.TrySetResult();
                    _notify(new ValidatorReady(child.Id));
                }
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The pipe went with the process; its end is reported by its exit.
            child.Log.Append("(its output ended early)"u8);
        }
    }

    // A process that was killed cannot take its pid file along; the number of a dead process must not stay, it may be given to another.
    private static void RemovePid(HomeLayout home, int processId)
    {
        try
        {
            if (File.Exists(home.Pid) && File.ReadAllText(home.Pid).Trim() == processId.ToString(System.Globalization.CultureInfo.InvariantCulture))
            {
                File.Delete(home.Pid);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next process on this home writes it anew.
        }
    }

    private sealed class Child(int id, HomeLayout home, BoundedLog log)
    {
        private volatile bool _runs;
        private volatile ValidatorCost? _cost;

        public int Id => id;

        public HomeLayout Home => home;

        public BoundedLog Log => log;

        public TaskCompletionSource FirstReady { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Life { get; set; } = Task.CompletedTask;

        public ValidatorCost? Cost
        {
            get => _cost;
            set => _cost = value;
        }

        public bool Runs
        {
            get => _runs;
            set => _runs = value;
        }
    }
}
