using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Bft.Testnet.Homes;
using Bft.Testnet.Supervision;

namespace Bft.Bench.Throughput;

/// <summary>Real validator processes of one data directory, and the counters they tell once a second.</summary>
internal sealed class ValidatorProcesses : IDisposable
{
    private readonly List<Process> _processes = [];
    private readonly ConcurrentDictionary<int, JsonElement> _costs = new();
    private readonly ConcurrentDictionary<int, string> _lastErrors = new();

    /// <summary>Starts the validators with those numbers and waits until all are ready.</summary>
    public static async Task<ValidatorProcesses> StartAsync(DataLayout data, IEnumerable<int> validators, CancellationToken cancellation)
    {
        var processes = new ValidatorProcesses();
        try
        {
            List<Task> ready = [];
            foreach (int validator in validators)
            {
                ready.Add(processes.Start(data.Home(validator), validator).WaitAsync(TimeSpan.FromSeconds(60), cancellation));
            }

            await Task.WhenAll(ready);
            return processes;
        }
        catch
        {
            processes.Dispose();
            throw;
        }
    }

    /// <summary>Processor time of all validators so far.</summary>
    public TimeSpan ProcessorTime => TimeSpan.FromTicks(_processes.Sum(process =>
    {
        process.Refresh();
        return process.TotalProcessorTime.Ticks;
    }));

    /// <summary>Peak resident memory of each validator, in MiB.</summary>
    public double[] PeakMemory() => [.. _processes.Select(process =>
    {
        process.Refresh();
        return Math.Round(process.PeakWorkingSet64 / 1048576.0, 1);
    })];

    /// <summary>A counter summed over the validators.</summary>
    public long Sum(string counter) => _costs.Values.Sum(cost => cost.GetProperty(counter).GetInt64());

    /// <summary>A counter's highest value among the validators.</summary>
    public long Most(string counter) => _costs.Values.Select(cost => cost.GetProperty(counter).GetInt64()).DefaultIfEmpty().Max();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Process process in _processes)
        {
            if (!process.HasExited)
            {
                process.Kill();
            }

            process.WaitForExit();
            process.Dispose();
        }
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

            using JsonDocument json = JsonDocument.Parse(line.Data);
            switch (json.RootElement.GetProperty("event").GetString())
            {
                case "ready":
                    ready.TrySetResult();
                    break;
                case "cost":
                    _costs[validator] = json.RootElement.Clone();
                    break;
                default:
                    Console.Error.WriteLine($"validator {validator}: {line.Data}");
                    break;
            }
        };
        process.ErrorDataReceived += (_, line) => _lastErrors[validator] = line.Data ?? _lastErrors.GetValueOrDefault(validator, "");
        process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"Validator {validator} ended with code {process.ExitCode}: {_lastErrors.GetValueOrDefault(validator)}"));
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes.Add(process);
        return ready.Task;
    }
}
