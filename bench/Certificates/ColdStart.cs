using System.Diagnostics;
using System.Text.Json;
using Bft.Crypto.Bls12381.Native;

namespace Bft.Bench.Certificates;

/// <summary>What the first calls of a process cost: compiling, tables, caches of the processor.</summary>
internal static class ColdStart
{
    private const string Program = "Bft.Bench";
    private const int Replicas = 4;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Starts processes that do nothing else, one after the other, and takes the median of each figure.</summary>
    /// <param name="scheme">The certificate scheme.</param>
    /// <param name="processes">How many.</param>
    /// <param name="backend">The value of <see cref="BlsBackend.Variable"/> for them; null for that of this process.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<ColdStartReport> MeasureAsync(string scheme, int processes, string? backend, CancellationToken cancellation)
    {
        List<ColdStartReport> runs = [];
        for (int i = 0; i < processes; i++)
        {
            runs.Add(await RunAsync(scheme, backend, cancellation));
        }

        double Median(Func<ColdStartReport, double> figure) => runs.Select(figure).Order().ElementAt(runs.Count / 2);
        return new ColdStartReport(
            scheme,
            Median(run => run.CheckKeysMicroseconds),
            Median(run => run.FirstSignMicroseconds),
            Median(run => run.FirstBuildMicroseconds),
            Median(run => run.FirstVerifyMicroseconds),
            Median(run => run.LaterVerifyMicroseconds));
    }

    /// <summary>
    /// The first calls of this process, in the order of a validator's: keys and proofs are checked, then it votes, builds a certificate, checks one.
    /// Making the committee's keys has compiled a part already, mostly of signing.
    /// </summary>
    public static ColdStartReport Measure(string scheme)
    {
        using var committee = VotingCommittee.Create(scheme, Replicas);
        int[] signers = [.. Enumerable.Range(0, committee.Committee.QuorumSize)];
        byte[] first = [];
        double sign = Stopwatches.Time(() => (first = committee.Vote(0)).Length > 0);
        ReadOnlyMemory<byte>[] votes = [first, .. signers.Skip(1).Select(signer => (ReadOnlyMemory<byte>)committee.Vote(signer))];
        byte[]? certificate = null;
        double build = Stopwatches.Time(() => (certificate = committee.Scheme.TryCombine(signers, committee.Message, votes).Certificate) is not null);
        int[] named = committee.Scheme.NamesSigners ? signers : [];
        bool Verify() => committee.Scheme.VerifyCertificate(named, committee.Message, certificate);
        double verify = Stopwatches.Time(Verify), later = Stopwatches.Time(Verify);
        return new ColdStartReport(
            scheme, Math.Round(committee.FirstCheckOfKeys.TotalMicroseconds, 1), Math.Round(sign, 1), Math.Round(build, 1), Math.Round(verify, 1), Math.Round(later, 1));
    }

    private static async Task<ColdStartReport> RunAsync(string scheme, string? backend, CancellationToken cancellation)
    {
        ProcessStartInfo start = Self();
        foreach (string argument in new[] { CertificateCommand.Name, CertificateCommand.ColdOption, scheme })
        {
            start.ArgumentList.Add(argument);
        }

        if (backend is not null)
        {
            start.Environment[BlsBackend.Variable] = backend;
        }

        start.RedirectStandardOutput = true;
        using var process = System.Diagnostics.Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} was not started.");
        string output = await process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode == 0 && JsonSerializer.Deserialize<ColdStartReport>(output, Json) is { } report
            ? report
            : throw new InvalidOperationException($"The cold start of {scheme} ended with exit code {process.ExitCode}: {output}");
    }

    // This process may be the executable, "dotnet Bft.Bench.dll", or a test host beside which the executable lies.
    private static ProcessStartInfo Self()
    {
        string self = Environment.ProcessPath ?? "";
        if (Path.GetFileNameWithoutExtension(self) == Program)
        {
            return new ProcessStartInfo(self);
        }

        var start = new ProcessStartInfo(Path.GetFileNameWithoutExtension(self) == "dotnet" ? self : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet");
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, Program + ".dll"));
        return start;
    }
}
