using Bft.Bench.Crash;
using Xunit.Abstractions;

namespace Bft.Testnet.Tests.EndToEnd;

/// <summary>
/// Real validator processes, real sockets, real disk, killed with SIGKILL under load. A short run of what <c>bench -- crash --rounds 200</c>
/// does at length; the seed is printed.
/// </summary>
public class CrashTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(CrashVictims.One, 2)]
    [InlineData(CrashVictims.All, 3)]
    public Task Killed_validators_lose_nothing_contradict_nothing_and_agree(CrashVictims victims, int rounds) => RunAsync(victims, rounds, "ed25519", "libsodium");

    [Theory]
    [InlineData("bls", 1)]
    [InlineData("bls-threshold", 0)]
    [InlineData("mldsa", 0)]
    public Task Under_every_certificate_scheme_validators_commit_and_agree_and_come_back(string scheme, int rounds) => RunAsync(CrashVictims.One, rounds, scheme, "managed");

    private async Task RunAsync(CrashVictims victims, int rounds, string scheme, string backend)
    {
        string directory = Path.Combine(Path.GetTempPath(), $"bft-crash-test-{Guid.NewGuid():N}");
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(8));
        using var log = new StringWriter();
        CrashReport report = await new CrashRun(directory, rounds, victims, seed, log, scheme).RunAsync(limit.Token);
        output.WriteLine(log.ToString());
        Assert.True(report.Ok, $"seed {seed}: {report} in {directory}");
        Assert.True(report.Acknowledged >= 20 * (rounds + 1));
        Assert.Equal($"{scheme} ({backend})", report.Scheme);
        Directory.Delete(directory, recursive: true);
    }
}
