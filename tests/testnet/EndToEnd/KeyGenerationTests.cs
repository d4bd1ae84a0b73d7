using System.Text.Json.Nodes;
using Bft.Bench.Processes;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Certificates;
using Bft.Crypto.KeyStore;
using Bft.Testnet.Ceremony;
using Bft.Testnet.Clients;
using Bft.Testnet.Homes;
using Bft.Testnet.Node;
using Xunit.Abstractions;

namespace Bft.Testnet.Tests.EndToEnd;

/// <summary>
/// Four validator processes make a key without a dealer while one of them is dead, agree on it, give the one that came back its share, and sign with any quorum of the shares.
/// </summary>
public class KeyGenerationTests(ITestOutputHelper output)
{
    private const int Nodes = 4;
    private const int Killed = 3;

    [Fact]
    public async Task A_validator_killed_in_mid_generation_is_blamed_and_survived_and_gets_its_share_by_resharing()
    {
        string directory = Path.Combine(Path.GetTempPath(), $"bft-keygen-test-{Guid.NewGuid():N}");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        using LocalTestnet testnet = await LocalTestnet.StartAsync(
            new CeremonyPlan { Nodes = Nodes, Development = true, Cost = KeyDerivationCost.Light }, directory, Nodes, limit.Token);
        DataLayout data = testnet.Data;

        // The one that is stopped holds the generation in its first phase, so that the kill is surely in its midst.
        data.Home(Killed).Signal("STOP");
        Task<JsonObject> generation = data.BftAsync("keygen", "--phase-blocks", "80", "--effect-after", "5");
        JsonObject running = await StatusAsync(testnet, data, status => generation.IsFaulted || status["generation"] is not null, limit.Token);
        Assert.False(generation.IsFaulted, generation.Exception?.ToString());
        Assert.Equal("announcing", running["generation"]!["phase"]!.GetValue<string>());
        testnet.Validators.Kill(Killed);
        JsonObject made = await generation.WaitAsync(limit.Token);
        output.WriteLine(made.ToJsonString());
        string groupKey = made["groupKey"]!.GetValue<string>();
        Assert.Equal([0, 1, 2], made["qualified"]!.AsArray().Select(one => one!.GetValue<int>()));
        Assert.NotEmpty(made["blamed"]!.AsArray());
        Assert.All(made["blamed"]!.AsArray(), blamed => Assert.Equal(Killed, blamed!["validator"]!.GetValue<int>()));
        Assert.Equal((3, 3), (made["threshold"]!.GetValue<int>(), made["shares"]!.GetValue<int>()));

        await testnet.Validators.StartAsync(data.Home(Killed), Killed, limit.Token);
        JsonObject reshared = await data.BftAsync("keygen", "--reshare", "--phase-blocks", "300");
        output.WriteLine(reshared.ToJsonString());
        Assert.Equal(groupKey, reshared["groupKey"]!.GetValue<string>());
        Assert.Equal(4, reshared["shares"]!.GetValue<int>());
        Assert.Empty(reshared["blamed"]!.AsArray());

        // Something is written until the effect height is reached; then every validator names the key.
        ulong effect = reshared["effectHeight"]!.GetValue<ulong>();
        for (ulong height = 0; height < effect;)
        {
            height = (await data.BftAsync("put", "some", "thing"))["height"]!.GetValue<ulong>();
        }

        JsonObject level = await StatusAsync(
            testnet, data, status => status["validators"]!.AsArray().All(one => one!["sharedKey"]?["effectHeight"]?.GetValue<ulong>() == effect), limit.Token);
        Assert.All(level["validators"]!.AsArray(), one => Assert.Equal(groupKey, one!["sharedKey"]!["groupKey"]!.GetValue<string>()));

        await testnet.Validators.StopAsync(limit.Token);
        SignWithAnyQuorum(data, groupKey, reshared);
        AuditReport[] audits = await Task.WhenAll(Enumerable.Range(0, Nodes).Select(i => new LedgerAuditor().AuditAsync(NodeSettings.Read(data.Home(i).Root), null, limit.Token)));
        Assert.All(audits, audit => Assert.True(audit.Ok, audit.ToString()));
        Directory.Delete(directory, recursive: true);
    }

    private static void SignWithAnyQuorum(DataLayout data, string groupKey, JsonObject outcome)
    {
        byte[] message = "a statement of the consortium"u8.ToArray();
        ReadOnlyMemory<byte>[] keys = [.. outcome["shareKeys"]!.AsArray().Select(key => (ReadOnlyMemory<byte>)Convert.FromHexString(key!.GetValue<string>()))];
        ReadOnlyMemory<byte>[] commitments = [.. outcome["commitments"]!.AsArray().Select(point => (ReadOnlyMemory<byte>)Convert.FromHexString(point!.GetValue<string>()))];
        BlsThresholdScheme scheme = BlsThresholdScheme.TryCreate(new CommitteeKeys([.. keys], commitments.Length) { Commitments = [.. commitments] }, out KeyRefusal? refusal)!;
        Assert.Null(refusal);
        var votes = new ReadOnlyMemory<byte>[Nodes];
        for (int i = 0; i < Nodes; i++)
        {
            NodeSettings settings = NodeSettings.Read(data.Home(i).Root);
            string store = Path.Combine(VotingMarks.KeyDirectory(settings), "shared-key.json");
            SecretKey share = Assert.Single(KeyStoreFile.Open(store, settings.Config.Passphrase.Read(settings.Home)));
            Assert.Equal(keys[i].ToArray(), share.PublicKey.ToArray());
            using Bft.Crypto.Signatures.ISigner signer = share.CreateSigner();
            var vote = new byte[48];
            signer.Sign(message, vote);
            votes[i] = vote;
            share.Dispose();
            Assert.Empty(Directory.GetFiles(VotingMarks.KeyDirectory(settings), "generation-*"));
        }

        foreach (int[] quorum in new[] { new[] { 0, 1, 2 }, [0, 1, 3], [1, 2, 3], [0, 2, 3] })
        {
            byte[] signature = scheme.Combine(quorum, [.. quorum.Select(i => votes[i])]);
            Assert.True(scheme.VerifyCertificate([], message, signature));
            Assert.Equal(BlsRefusal.None, BlsSchemes.MinimalSignatures.ReadKey(Convert.FromHexString(groupKey), out _));
        }
    }

    private static async Task<JsonObject> StatusAsync(LocalTestnet testnet, DataLayout data, Func<JsonObject, bool> until, CancellationToken cancellation)
    {
        while (true)
        {
            JsonObject status = await data.BftAsync("status");
            if (until(status))
            {
                return status;
            }

            cancellation.ThrowIfCancellationRequested();
            await Task.Delay(20, cancellation);
        }
    }
}
