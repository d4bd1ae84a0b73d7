using System.Net;
using Bft.Network.Api;
using Bft.Network.Tests.Api.Fakes;

namespace Bft.Network.Tests.Api;

/// <summary>Reads that decode blocks: each listed block once, and few at a time.</summary>
public sealed class HeavyReadTests
{
    [Fact]
    public async Task Listing_the_latest_blocks_again_decodes_only_new_ones()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        int decoded = 0;
        network.Validators[0].Garble = block =>
        {
            Interlocked.Increment(ref decoded);
            return block;
        };
        for (ulong i = 1; i <= 30; i++)
        {
            network.Ledger.Execute(SubmitEdgeTests.MakeRun(network.Chain, i, "a=1"));
        }

        using HttpClient http = network.Http(0);
        string first = await http.GetStringAsync("/v1/blocks?latest=100");
        Assert.Equal(30, decoded);
        Assert.Equal(first, await http.GetStringAsync("/v1/blocks?latest=100"));
        Assert.Equal(30, decoded);
        network.Ledger.Execute(SubmitEdgeTests.MakeRun(network.Chain, 31, "a=1"));
        Assert.Contains("\"height\":31,", await http.GetStringAsync("/v1/blocks?latest=10"), StringComparison.Ordinal);
        Assert.Equal(31, decoded);
    }

    [Fact]
    public async Task Reads_beyond_the_gate_wait_and_are_refused_in_the_end_and_a_failed_read_gives_its_place_back()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(new ApiLimits { MaxHeavyReads = 1, ReadTimeout = TimeSpan.FromMilliseconds(100) });
        network.Ledger.Execute(SubmitEdgeTests.MakeRun(network.Chain, 1, "a=1"));
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        network.Validators[0].Garble = _ =>
        {
            entered.Set();
            leave.Wait();
            throw new InvalidOperationException("the disk is gone");
        };
        using HttpClient http = network.Http(0);
        Task<HttpResponseMessage> held = http.GetAsync("/v1/blocks/1");
        await Task.Run(entered.Wait);
        using HttpResponseMessage refused = await http.GetAsync("/v1/blocks?latest=5");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Contains("MaxHeavyReads", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        leave.Set();
        using HttpResponseMessage failed = await held;
        Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        network.Validators[0].Garble = null;
        using HttpResponseMessage served = await http.GetAsync("/v1/blocks/1");
        Assert.Equal(HttpStatusCode.OK, served.StatusCode);
        Assert.Equal(1, network.Service<ReadGate>(0).Free);
    }
}
