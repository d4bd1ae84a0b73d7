using System.Diagnostics;
using Bft.Bench.Certificates;
using Bft.Crypto.Bls12381.Lanes;
using Bft.Crypto.Bls12381.Native;
using Bft.Crypto.Signatures;

namespace Bft.Bench.Bls;

/// <summary>Measures the operations, the managed code and the native library in turns, so that what else the machine does falls on both.</summary>
/// <param name="rounds">Rounds of each operation.</param>
/// <param name="round">The time of a round, of each side.</param>
/// <param name="filter">Only operations whose name contains this; null for all.</param>
/// <param name="coldStarts">Processes for the cold start.</param>
internal sealed class BlsRun(int rounds, TimeSpan round, string? filter, int coldStarts)
{
    private const string Scheme = "bls";

    /// <summary>Measures.</summary>
    public async Task<BlsReport> RunAsync(CancellationToken cancellation)
    {
        ColdStartReport? cold = coldStarts > 0 ? await ColdStart.MeasureAsync(Scheme, coldStarts, ISignatureScheme.Managed, cancellation) : null;
        using var operations = new BlsOperations();
        List<BlsFigure> figures = [];
        foreach (BlsOperation operation in operations.All.Where(one => filter is null || one.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)))
        {
            cancellation.ThrowIfCancellationRequested();
            figures.Add(Measure(operation));
        }

        double[] certificate = Pairs(operations.Certificate, operations.Verify).Select(pair => pair.First / pair.Second).ToArray();
        return new BlsReport(operations.HasNative ? BlsBackend.Name : null, FpLanes.IsSupported, rounds, figures, Math.Round(Median(certificate), 3), cold);
    }

    private BlsFigure Measure(BlsOperation operation)
    {
        operation.Managed(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        operation.Managed(16);
        long allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / 16;
        (double First, double Second)[] times = [.. Pairs(operation.Managed, operation.Native)];
        double managed = Median([.. times.Select(time => time.First)]);
        return operation.Native is null
            ? new BlsFigure(operation.Name, Math.Round(managed, 1), null, null, allocated)
            : new BlsFigure(operation.Name, Math.Round(managed, 1), Math.Round(Median([.. times.Select(time => time.Second)]), 1), Math.Round(Median([.. times.Select(time => time.First / time.Second)]), 2), allocated);
    }

    /// <summary>Rounds of the one and of the other, nanoseconds a call; which goes first changes.</summary>
    private IEnumerable<(double First, double Second)> Pairs(Action<int> first, Action<int>? second)
    {
        int firstCalls = CallsFor(first), secondCalls = second is null ? 0 : CallsFor(second);
        for (int i = 0; i < rounds; i++)
        {
            double late = i % 2 == 1 && second is not null ? Time(second, secondCalls) : 0;
            double one = Time(first, firstCalls);
            yield return (one, second is null || i % 2 == 1 ? late : Time(second, secondCalls));
        }
    }

    private int CallsFor(Action<int> calls)
    {
        calls(1);
        double single = Math.Max(1, Math.Min(Time(calls, 1), Time(calls, 8)));
        return (int)Math.Clamp(round.TotalNanoseconds / single, 1, 10_000_000);
    }

    private static double Time(Action<int> calls, int count)
    {
        long start = Stopwatch.GetTimestamp();
        calls(count);
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / count;
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
