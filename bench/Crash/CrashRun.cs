using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Bft.Applications.KeyValue;
using Bft.Bench.Processes;
using Bft.Bench.Throughput;
using Bft.Client;
using Bft.Crypto.KeyStore;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Testnet.Ceremony;
using Bft.Testnet.Clients;
using Bft.Testnet.Homes;
using Bft.Testnet.Node;

namespace Bft.Bench.Crash;

/// <summary>What is killed in a round.</summary>
public enum CrashVictims
{
    /// <summary>One validator; the others must go on.</summary>
    One,

    /// <summary>All of them in the same moment.</summary>
    All,
}

/// <summary>What a crash run found.</summary>
/// <param name="Rounds">Rounds done.</param>
/// <param name="Acknowledged">Transactions whose commit f+1 validators signed to the client.</param>
/// <param name="Lost">Acknowledged transactions that some validator does not have at the end: must be 0.</param>
/// <param name="Contradictions">Double signs that anyone proved: must be 0.</param>
/// <param name="Audits">The outcome of the offline audit of each home.</param>
/// <param name="Height">The height all ledgers share at the end.</param>
/// <param name="Agree">Whether all ledgers hold the same blocks.</param>
/// <param name="Seed">Draws victims and moments.</param>
/// <param name="Remarks">What validators warned of.</param>
/// <param name="Scheme">The certificate scheme and what does its arithmetic, as the validators say; each answer once.</param>
public sealed record CrashReport(
    int Rounds, int Acknowledged, int Lost, int Contradictions, IReadOnlyList<AuditReport> Audits, ulong Height, bool Agree, int Seed, IReadOnlyList<string> Remarks,
    string Scheme)
{
    /// <summary>True when nothing was lost, contradicted, damaged or forked.</summary>
    public bool Ok => Lost == 0 && Contradictions == 0 && Agree && Audits.All(audit => audit.Ok);
}

/// <summary>Four validator processes under load that are killed (SIGKILL) again and again at random moments.</summary>
/// <param name="directory">An empty directory for the run.</param>
/// <param name="rounds">How often to kill.</param>
/// <param name="victims">What is killed.</param>
/// <param name="seed">Draws victims and moments.</param>
/// <param name="log">Progress.</param>
/// <param name="scheme">The certificate scheme; null for the default.</param>
public sealed class CrashRun(string directory, int rounds, CrashVictims victims, int seed, TextWriter log, string? scheme = null)
{
    private const int Nodes = 4;

    private readonly ConcurrentDictionary<string, string> _acknowledged = new();
    private readonly Random _random = new(seed);
    private volatile bool _stop;

    /// <summary>Runs it.</summary>
    public async Task<CrashReport> RunAsync(CancellationToken cancellation)
    {
        using LocalTestnet testnet = await LocalTestnet.StartAsync(
            new CeremonyPlan { Nodes = Nodes, Scheme = scheme, Development = true, Cost = KeyDerivationCost.Light }, directory, Nodes, cancellation);
        (Genesis genesis, DataLayout data, ValidatorProcesses validators, _) = testnet;
        await using (BftClient client = Connect(genesis, out ISigner signer))
        {
            using (signer)
            {
                await client.ConnectAsync(cancellation);
                Task[] writers = [.. Enumerable.Range(0, 8).Select(writer => WriteAsync(client, client.Chain, signer, writer, cancellation))];
                for (int round = 1; round <= rounds; round++)
                {
                    await ProgressAsync(cancellation);
                    await Task.Delay(_random.Next(50, 700), cancellation);
                    await CrashAsync(validators, data, cancellation);
                    log.WriteLine($"round {round} of {rounds}: {_acknowledged.Count} acknowledged");
                }

                await ProgressAsync(cancellation);
                _stop = true;
                await Task.WhenAll(writers).WaitAsync(TimeSpan.FromMinutes(2), cancellation);
            }

            return await JudgeAsync(genesis, data, validators, client, cancellation);
        }
    }

    private static BftClient Connect(Genesis genesis, out ISigner signer)
    {
        signer = SignatureSchemes.Ed25519.CreateSigner(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));
        return new BftClient(new BftClientOptions { Genesis = genesis, RetryAfter = TimeSpan.FromSeconds(1), ConnectTimeout = TimeSpan.FromSeconds(60) });
    }

    private ulong _sequence;

    // Each write has a key of its own, so that every acknowledged one can be asked for at the end.
    private async Task WriteAsync(BftClient client, Chain chain, ISigner signer, int writer, CancellationToken cancellation)
    {
        for (int i = 0; !_stop; i++)
        {
            string key = string.Create(CultureInfo.InvariantCulture, $"writer-{writer}/{i}"), value = Guid.NewGuid().ToString();
            ulong sequence = Interlocked.Increment(ref _sequence);
            byte[] command = KeyValueCommand.Put(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value));
            Bft.Client.RunResult result = await client.SubmitRunAsync(Run.Sign(chain, signer, sequence, [command]), cancellation);
            if (result.Receipt is not { } receipt || receipt.CodeAt(0) != 0)
            {
                throw new InvalidOperationException($"{key} was not executed: {result.Rejection ?? "code " + result.Receipt!.Value.CodeAt(0).ToString(CultureInfo.InvariantCulture)}");
            }

            _acknowledged[key] = value;
            await Task.Delay(10, cancellation);
        }
    }

    private async Task ProgressAsync(CancellationToken cancellation)
    {
        int before = _acknowledged.Count;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        while (_acknowledged.Count < before + 20)
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private async Task CrashAsync(ValidatorProcesses validators, DataLayout data, CancellationToken cancellation)
    {
        int[] killed = victims == CrashVictims.All ? [.. Enumerable.Range(0, Nodes)] : [_random.Next(Nodes)];
        Parallel.ForEach(killed, validators.Kill);
        if (victims == CrashVictims.One)
        {
            await ProgressAsync(cancellation);
        }

        await Task.WhenAll(killed.Select(validator => validators.StartAsync(data.Home(validator), validator, cancellation)));
    }

    private async Task<CrashReport> JudgeAsync(Genesis genesis, DataLayout data, ValidatorProcesses validators, BftClient client, CancellationToken cancellation)
    {
        IReadOnlyList<EndpointStatus> level = await LevelAsync(client, genesis, cancellation);
        HashSet<string> lost = [];
        foreach (GenesisValidator validator in genesis.Validators)
        {
            await using var one = new BftClient(new BftClientOptions { Genesis = genesis, Endpoints = [new Uri($"http://{validator.ClientAddress}")] });
            foreach ((string key, string value) in _acknowledged)
            {
                ReadResult answer = await one.GetAsync(Encoding.UTF8.GetBytes(key), linearizable: false, cancellation);
                if (!answer.Found || !answer.Value.Span.SequenceEqual(Encoding.UTF8.GetBytes(value)))
                {
                    lost.Add(key);
                }
            }
        }

        await validators.StopAsync(cancellation);
        List<AuditReport> audits = [];
        for (int i = 0; i < Nodes; i++)
        {
            audits.Add(await new LedgerAuditor().AuditAsync(NodeSettings.Read(data.Home(i).Root), null, cancellation));
        }

        string[] remarks = [.. validators.Remarks];
        return new CrashReport(
            rounds,
            _acknowledged.Count,
            lost.Count,
            remarks.Count(remark => remark.Contains("\"evidence\"", StringComparison.Ordinal)),
            audits,
            audits.Min(audit => audit.Height),
            audits.All(audit => audit.Height == audits[0].Height && audit.StateRoot == audits[0].StateRoot),
            seed,
            remarks,
            string.Join(", ", level.Select(one => $"{one.Status!.Scheme} ({one.Status.Backend})").Distinct()));
    }

    // All validators at one height with one head.
    private static async Task<IReadOnlyList<EndpointStatus>> LevelAsync(BftClient client, Genesis genesis, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        while (true)
        {
            IReadOnlyList<EndpointStatus> statuses = await client.StatusAsync(limit.Token);
            if (statuses.Count == genesis.Validators.Length && statuses.All(status => status.Status is not null) &&
                statuses.DistinctBy(status => (status.Status!.Head, status.Status.StateRoot)).Count() == 1)
            {
                return statuses;
            }

            await Task.Delay(100, limit.Token);
        }
    }
}
