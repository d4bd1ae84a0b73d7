using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Bft.Testnet.Homes;
using Bft.Testnet.Supervision;

namespace Bft.Bench.Throughput;

/// <summary>Real validator processes of one data directory, and the counters they tell once a second.</summary>
internal sealed class ValidatorProcesses : IDisposable
{
    private readonly SortedDictionary<int, Process> _processes = [];
    private readonly ConcurrentQueue<string> _remarks = new();
    private readonly ConcurrentDictionary<int, JsonElement> _costs = new();
    private readonly ConcurrentDictionary<int, string> _lastErrors = new();

    /// <summary>Starts the validators with those numbers and waits until all are ready.</summary>
    public static async Task<ValidatorProcesses> StartAsync(DataLayout data, IEnumerable<int> validators, CancellationToken cancellation)
    {
        var processes = new ValidatorProcesses();
        try
        {
            await Task.WhenAll([.. validators.Select(validator => processes.StartAsync(data.Home(validator), validator, cancellation))]);
            return processes;
        }
        catch
        {
            processes.Dispose();
            throw;
        }
    }

    /// <summary>What validators said besides being ready and their cost: warnings, alarms, evidence. Each with the validator's number.</summary>
    public IReadOnlyCollection<string> Remarks => _remarks;

    /// <summary>Starts a validator (again) and waits until it is ready.</summary>
    public Task StartAsync(HomeLayout home, int validator, CancellationToken cancellation) =>
        Start(home, validator).WaitAsync(TimeSpan.FromSeconds(60), cancellation);

    /// <summary>Ends a validator as a power failure would: no signal it could handle.</summary>
    public void Kill(int validator)
    {
        Process? process;
        lock (_processes)
        {
            _processes.Remove(validator, out process);
        }

        if (process is not null)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        _costs.TryRemove(validator, out _);
    }

    /// <summary>Ends all validators cleanly: their standard input closes, as when their supervisor is gone.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        foreach (Process process in _processes.Values)
        {
            process.StandardInput.Close();
        }

        foreach (Process process in _processes.Values)
        {
            await process.WaitForExitAsync(cancellation);
            process.Dispose();
        }

        _processes.Clear();
    }

    /// <summary>Processor time of all validators so far.</summary>
    public TimeSpan ProcessorTime => TimeSpan.FromTicks(_processes.Values.Sum(process =>
    {
        process.Refresh();
        return process.TotalProcessorTime.Ticks;
    }));

    /// <summary>Peak resident memory of each validator, in MiB.</summary>
    public double[] PeakMemory() => [.. _processes.Values.Select(process =>
    {
        process.Refresh();
        return Math.Round(process.PeakWorkingSet64 / 1048576.0, 1);
    })];

    /// <summary>Mean resident memory of the validators now, in MiB.</summary>
    public double ResidentMemory() => Math.Round(_processes.Values.Average(process =>
    {
        process.Refresh();
        return process.WorkingSet64 / 1048576.0;
    }), 1);

    /// <summary>A counter summed over the validators.</summary>
    public long Sum(string counter) => _costs.Values.Sum(cost => cost.GetProperty(counter).GetInt64());

    /// <summary>A counter's highest value among the validators.</summary>
    public long Most(string counter) => _costs.Values.Select(cost => cost.GetProperty(counter).GetInt64()).DefaultIfEmpty().Max();

    /// <summary>A counter of one validator as it told it last since it was started; null before it told any.</summary>
    public long? Of(int validator, string counter) => _costs.TryGetValue(validator, out JsonElement cost) ? cost.GetProperty(counter).GetInt64() : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Process process in _processes.Values)
        {
            if (!process.HasExited)
            {
                process.Kill();
            }

            process.WaitForExit();
            process.Dispose();
        }

        _processes.Clear();
    }

    private Task Start(HomeLayout home, int validator)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ProcessStartInfo start = SelfCommand.Node(home);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                return;
            }

            ChildEvent read = ChildEvent.Read(System.Text.Encoding.UTF8.GetBytes(line.Data));
            if (read.Ready)
            {
                ready.TrySetResult();
            }
            else if (read.Cost is not null)
            {
                using JsonDocument json = JsonDocument.Parse(line.Data);
                _costs[validator] = json.RootElement.Clone();
            }
            else
            {
                // Also half a line of one that was killed while it wrote.
                _remarks.Enqueue($"validator {validator}: {line.Data}");
            }
        };
        process.ErrorDataReceived += (_, line) => _lastErrors[validator] = line.Data ?? _lastErrors.GetValueOrDefault(validator, "");
        process.Exited += (_, _) =>
        {
            if (!ready.Task.IsCompleted)
            {
                // Its last words may still be on their way.
                process.WaitForExit();
                ready.TrySetException(new InvalidOperationException($"Validator {validator} ended before it was ready: {_lastErrors.GetValueOrDefault(validator)}"));
            }
        };
        process.Start();
        lock (_processes)
        {
            _processes[validator] = process;
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return ready.Task;
    }
}
