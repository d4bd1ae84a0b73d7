using System.Text.Json.Nodes;
using Bft.Bench.Processes;
using Bft.Bench.Throughput;
using Bft.Crypto.KeyStore;
using Bft.Engine;
using Bft.Testnet.Ceremony;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.EndToEnd;

/// <summary>Four validator processes that the tests of one class share; each test leaves all four running.</summary>
public sealed class RunningTestnet : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private LocalTestnet _testnet = null!;

    internal Genesis Genesis => _testnet.Genesis;

    internal DataLayout Data => _testnet.Data;

    internal ValidatorProcesses Validators => _testnet.Validators;

    public async Task InitializeAsync() => _testnet = await LocalTestnet.StartAsync(
        new CeremonyPlan { Nodes = 4, Development = true, Cost = KeyDerivationCost.Light }, _directory["net"], 4, CancellationToken.None);

    public Task DisposeAsync()
    {
        _testnet.Dispose();
        _directory.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Another directory that goes with the testnet.</summary>
    internal string this[string name] => _directory[name];

    /// <summary>Runs a command line of the real program in this process.</summary>
    internal static async Task<Ended> BftAsync(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal(Stream.Null, TextWriter.Synchronized(output), TextWriter.Synchronized(error), false, false);
        int code = await BftCommandLine.RunAsync(arguments, terminal, ExecutableParts.Compose(), CancellationToken.None);
        return new Ended(code, output.ToString(), error.ToString());
    }

    /// <summary>Writes something; the answer comes when it is committed.</summary>
    internal async Task<JsonObject> PutAsync(string key, string value)
    {
        Ended ended = await BftAsync("put", key, value, "--data", Data.Root, "--json", "--timeout", "2m");
        Assert.True(ended.Code == 0, ended.Output + ended.Error);
        return ended.Json;
    }

    /// <summary>What a validator says of itself once it fits; writes go on meanwhile, since some things come only with blocks.</summary>
    internal async Task<JsonObject> StatusAsync(int validator, Func<JsonObject, bool> fits)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        for (int i = 0; ; i++)
        {
            Ended ended = await BftAsync("status", "--data", Data.Root, "--from", $"http://{Genesis.Validators[validator].ClientAddress}", "--json", "--timeout", "30s");
            if (ended.Code == 0 && fits(ended.Json))
            {
                return ended.Json;
            }

            limit.Token.ThrowIfCancellationRequested();
            await PutAsync("meanwhile", $"{i}");
        }
    }
}
