using System.Globalization;
using System.Text.Json.Nodes;
using Bft.Bench.Certificates;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Tests.Measurements;

/// <summary><c>bench -- certificates</c>: that it measures what it says, not how fast that is.</summary>
public class CertificateRunTests
{
    [Fact]
    public async Task Every_scheme_is_measured_with_and_without_bad_votes_and_from_a_cold_start()
    {
        var options = new CertificateOptions { Sizes = [4, 7], Each = TimeSpan.FromMilliseconds(1), ColdStarts = 1 };
        using var log = new StringWriter();
        CertificateReport report = await new CertificateRun(options, log).RunAsync(CancellationToken.None);

        Assert.Equal(["ed25519", "bls", "bls-threshold", "mldsa"], report.Results.Take(4).Select(result => result.Scheme));
        Assert.Equal([255, 111, 110, 9990], report.Results.Take(4).Select(result => result.CertificateBytes));
        Assert.Equal([7, 7, 7, 7], report.Results.Skip(4).Select(result => result.Replicas));
        Assert.All(report.Results, result => Assert.True(0 < result.BuildMicroseconds.Best && result.BuildMicroseconds.Best <= result.BuildMicroseconds.Median));
        Assert.All(report.Results, result => Assert.Equal(result.Replicas == 4 ? [1] : [1, 2], result.WithBadVotes.Select(votes => votes.Bad)));
        Assert.All(report.Results, result => Assert.All(result.WithBadVotes, votes => Assert.InRange(votes.Checks, result.Quorum == 3 ? 2 : 3, 2 * result.Quorum)));
        Assert.Equal(report.Results.Take(4).Select(result => result.Scheme), report.ColdStart.Select(cold => cold.Scheme));
        Assert.All(report.ColdStart, cold => Assert.True(cold.FirstVerifyMicroseconds > 0));
        Assert.Equal([4, 4, null], report.Crossover.Select(crossover => crossover.SizeReplicas));
        Assert.Contains("bls, 7 replicas", log.ToString(), StringComparison.Ordinal);

        JsonObject json = JsonNode.Parse(JsonOutput.Line(report))!.AsObject();
        Assert.Equal(["results", "coldStart", "crossover", "seconds"], json.Select(field => field.Key));
        Assert.Equal(
            ["scheme", "backend", "replicas", "faults", "quorum", "keyBytes", "voteBytes", "signatureBytes", "certificateBytes", "checkKeysMilliseconds", "signMicroseconds", "verifyVoteMicroseconds", "buildMicroseconds", "verifyMicroseconds", "withBadVotes"],
            json["results"]![0]!.AsObject().Select(field => field.Key));
    }

    [Theory]
    [InlineData("1 2 3", "3 3 3", 30)]
    [InlineData("1 2 3", "4 3 2", 25)]
    [InlineData("5 5 5", "4 9 4", 28)]
    [InlineData("1 2 3", "1 1 1", 10)]
    [InlineData("1 2 3", "2 3 4", null)]
    public void Where_one_becomes_better_is_read_from_the_line_between_two_sizes(string from, string to, int? replicas) =>
        Assert.Equal(replicas, CertificateRun.Crossover([10, 20, 30], Series(from), Series(to)));

    private static double[] Series(string texts) => [.. texts.Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
}
