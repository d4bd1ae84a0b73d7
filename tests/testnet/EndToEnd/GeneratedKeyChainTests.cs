using System.Globalization;
using System.Text.Json.Nodes;
using Bft.Bench.Processes;
using Bft.Bench.Throughput;
using Bft.Crypto.KeyStore;
using Bft.Engine;
using Bft.Testnet.Ceremony;
using Bft.Testnet.Clients;
using Bft.Testnet.Homes;
using Bft.Testnet.Node;
using Xunit.Abstractions;

namespace Bft.Testnet.Tests.EndToEnd;

/// <summary>
/// Four validator processes under ed25519 certificates make a key without a dealer; a chain whose certificates that key signs begins from what is public of it and from the shares where they
/// are; its processes commit, one of them may be dead, and a proof verifies.
/// </summary>
public class GeneratedKeyChainTests(ITestOutputHelper output)
{
    private const int Nodes = 4;

    [Fact]
    public async Task A_chain_begins_with_the_key_its_members_generated_and_no_dealer_ever()
    {
        string directory = Path.Combine(Path.GetTempPath(), $"bft-generated-test-{Guid.NewGuid():N}");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        using LocalTestnet testnet = await LocalTestnet.StartAsync(
            new CeremonyPlan { Nodes = Nodes, Development = true, Cost = KeyDerivationCost.Light }, Path.Combine(directory, "present"), Nodes, limit.Token);
        JsonObject made = await TestnetCommands.RunAsync("keygen", "--data", testnet.Data.Root, "--timeout", "2m");
        output.WriteLine(made.ToJsonString());
        Assert.Empty(made["blamed"]!.AsArray());

        // Each home has its share as soon as its process has executed the end; the command heard it of f+1.
        HomeLayout[] present = [.. Enumerable.Range(0, Nodes).Select(testnet.Data.Home)];
        while (!present.All(home => File.Exists(Path.Combine(home.Root, "shared-key.public.json"))))
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Delay(20, limit.Token);
        }

        await testnet.Validators.StopAsync(limit.Token);
        string next = Path.Combine(directory, "next"), genesisFile = Path.Combine(next, "genesis.json");
        JsonObject chain = await TestnetCommands.RunAsync(
            "init", "--scheme", "bls-threshold", "--shared-key", Path.Combine(present[1].Root, "shared-key.public.json"), "--genesis", testnet.Data.Genesis, "--port", testnet.Ports.Base.ToString(CultureInfo.InvariantCulture), "--out", next);
        Assert.Equal([genesisFile], Directory.GetFileSystemEntries(next, "*", SearchOption.AllDirectories));
        Genesis genesis = GenesisFile.Read(genesisFile);
        Assert.Equal(made["groupKey"]!.GetValue<string>(), Convert.ToHexStringLower(genesis.Commitments[0].AsSpan()));
        Assert.Equal(made["shareKeys"]!.AsArray().Select(key => key!.GetValue<string>()), genesis.Validators.Select(validator => Convert.ToHexStringLower(validator.ConsensusKey.AsSpan())));
        foreach (HomeLayout home in present)
        {
            JsonObject adopted = await TestnetCommands.RunAsync("adopt", "--home", home.Root, "--genesis", genesisFile);
            Assert.Equal(chain["chainId"]!.GetValue<string>(), adopted["chainId"]!.GetValue<string>());
        }

        DataLayout data = DataLayout.At(next);
        using (ValidatorProcesses validators = await ValidatorProcesses.StartAsync(data, Enumerable.Range(0, Nodes), limit.Token))
        {
            await TestnetCommands.RunAsync("put", "made", "without a dealer", "--data", next, "--timeout", "1m");
            JsonObject proved = await TestnetCommands.RunAsync("get", "made", "--prove", "--data", next, "--timeout", "1m");
            output.WriteLine(proved.ToJsonString());
            Assert.Equal("without a dealer", proved["value"]!.GetValue<string>());
            Assert.True(proved["proof"]!["verified"]!.GetValue<bool>());
            JsonObject status = await TestnetCommands.RunAsync("status", "--data", next, "--timeout", "1m");
            Assert.All(status["validators"]!.AsArray(), one => Assert.Equal("bls-threshold", one!["scheme"]!.GetValue<string>()));

            // Any quorum of the shares signs: one validator dies, and the chain goes on.
            validators.Kill(0);
            await TestnetCommands.RunAsync("put", "made", "by three", "--data", next, "--timeout", "1m");
            Assert.Equal("by three", (await TestnetCommands.RunAsync("get", "made", "--prove", "--data", next, "--timeout", "1m"))["value"]!.GetValue<string>());
            await validators.StopAsync(limit.Token);
        }

        AuditReport audit = await new LedgerAuditor().AuditAsync(NodeSettings.Read(data.Home(1).Root), null, limit.Token);
        Assert.True(audit.Ok, audit.ToString());
        Directory.Delete(directory, recursive: true);
    }
}
