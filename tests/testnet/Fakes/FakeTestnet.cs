using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using Bft.Crypto;
using Bft.Engine;
using Bft.Testnet.Clients;

namespace Bft.Testnet.Tests.Fakes;

/// <summary>A testnet in memory: commits whatever comes at once, one run a block.</summary>
internal sealed class FakeTestnet : IClients, ITransactionClient, IQueryClient, IStatusClient
{
    private readonly Lock _gate = new();
    private ulong _next = 1;
    private int _statusAsked;

    public Dictionary<string, string> State { get; } = new(StringComparer.Ordinal);

    public List<(ulong First, IReadOnlyList<Operation> Operations)> Runs { get; } = [];

    public ConcurrentDictionary<int, ValidatorStatus> Statuses { get; } = new();

    /// <summary>Called before each answer about a status with how many were asked for so far; may throw.</summary>
    public Action<int> BeforeStatus { get; set; } = static _ => { };

    /// <summary>Called with each run before it is committed; may wait or throw.</summary>
    public Func<ulong, IReadOnlyList<Operation>, CancellationToken, Task> BeforeCommit { get; set; } = static (_, _, _) => Task.CompletedTask;

    /// <summary>The result of each transaction.</summary>
    public Func<Operation, byte> Code { get; set; } = static _ => 0;

    public bool ProofHolds { get; set; } = true;

    /// <summary>What a watch tells before its first block.</summary>
    public string? WatchNotice { get; set; }

    /// <summary>Who would order the last reading client's reads.</summary>
    public Func<ClientIdentity>? Ordering { get; private set; }

    public ClientIdentity? Identity { get; private set; }

    public ClientTarget? Target { get; private set; }

    public Digest Client { get; } = new([.. Enumerable.Repeat((byte)7, Digest.Size)]);

    public ITransactionClient Transactions(ClientTarget target, ClientIdentity identity)
    {
        (Target, Identity) = (target, identity);
        return this;
    }

    public IQueryClient Queries(ClientTarget target, Func<ClientIdentity>? ordering = null)
    {
        (Target, Ordering) = (target, ordering);
        return this;
    }

    public IStatusClient Status(ClientTarget target)
    {
        Target = target;
        return this;
    }

    /// <summary>Called when it is asked whether validators are reachable.</summary>
    public Func<CancellationToken, Task> Connect { get; set; } = static _ => Task.CompletedTask;

    /// <summary>Called before sequences are given out; may throw.</summary>
    public Action Reserve { get; set; } = static () => { };

    public Task ConnectAsync(CancellationToken cancellation) => Connect(cancellation);

    public ValueTask<ulong> ReserveAsync(int count, CancellationToken cancellation)
    {
        Reserve();
        lock (_gate)
        {
            ulong first = _next;
            _next += (ulong)count;
            return ValueTask.FromResult(first);
        }
    }

    public async Task<RunResult> SubmitAsync(ulong first, IReadOnlyList<Operation> operations, CancellationToken cancellation)
    {
        await BeforeCommit(first, operations, cancellation);
        lock (_gate)
        {
            if (Runs.All(run => run.First != first))
            {
                Runs.Add((first, operations));
                foreach (Operation operation in operations)
                {
                    Apply(operation);
                }
            }

            return new RunResult(Client, first, new Height((ulong)Runs.Count), operations.Select(Code).ToArray());
        }
    }

    public Task<RunResult> SubmitAsync(ulong first, IReadOnlyList<ReadOnlyMemory<byte>> commands, CancellationToken cancellation) =>
        throw new InvalidOperationException("No encoded commands are expected here.");

    public Task<KeyAnswer> GetAsync(ReadOnlyMemory<byte> key, Consistency consistency, bool prove, CancellationToken cancellation)
    {
        bool found = State.TryGetValue(Encoding.UTF8.GetString(key.Span), out string? value);
        return Task.FromResult(new KeyAnswer(
            found,
            Encoding.UTF8.GetBytes(value ?? ""),
            new Height((ulong)Runs.Count),
            consistency == Consistency.Stale ? "one validator" : "quorum",
            prove ? new KeyProof(ProofHolds, Client, new View(9)) : null));
    }

    public Task<BlockAnswer?> BlockAsync(Height height, CancellationToken cancellation) => Task.FromResult(BlockAt(height.Value));

    public Task<BlockAnswer?> BlockAsync(Digest digest, CancellationToken cancellation) => Task.FromResult(digest == Client ? BlockAt(1) : null);

    public Task<Height?> TransactionAsync(TransactionId id, CancellationToken cancellation) =>
        Task.FromResult<Height?>(Runs.FindIndex(run => id.Sequence >= run.First && id.Sequence < run.First + (ulong)run.Operations.Count) is >= 0 and int index ? new Height((ulong)index + 1) : null);

    public async IAsyncEnumerable<BlockAnswer> WatchAsync(Height? from, Action<string> notice, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (WatchNotice is { } said)
        {
            notice(said);
        }

        for (ulong height = from?.Value ?? 1; BlockAt(height) is { } block; height++)
        {
            yield return block;
        }

        await Task.Delay(Timeout.Infinite, cancellation);
    }

    public Task<ValidatorStatus> StatusAsync(ClientEndpoint endpoint, CancellationToken cancellation)
    {
        int id = Target!.Endpoints.IndexOf(endpoint);
        BeforeStatus(Interlocked.Increment(ref _statusAsked));
        return Statuses.TryGetValue(id, out ValidatorStatus? status)
            ? Task.FromResult(status)
            : throw new ClientException("connection refused", endpoint.ToString(), "start the validator");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Makes that many validators answer, all standing level.</summary>
    public void StandLevel(int validators, ulong height = 5)
    {
        for (int i = 0; i < validators; i++)
        {
            Statuses[i] = new ValidatorStatus(new ReplicaId(i), new Height(height), new Height(height), new View(height + 2), new ReplicaId(1), Client, Client, 17, 0, true, null, 3, 1234.5, 6.25, "ed25519", "managed", [new PeerStatus(new ReplicaId((i + 1) % validators), true, new Height(height))]);
        }
    }

    private BlockAnswer? BlockAt(ulong height) => height >= 1 && height <= (ulong)Runs.Count
        ? new BlockAnswer(new Height(height), Client, new ReplicaId(2), new View(height + 3), [.. Runs[(int)height - 1].Operations.Select((_, i) => new TransactionId(Client, Runs[(int)height - 1].First + (ulong)i))])
        : null;

    private void Apply(Operation operation)
    {
        string key = Encoding.UTF8.GetString(operation.Key.Span);
        if (operation.Value is { } value)
        {
            State[key] = Encoding.UTF8.GetString(value.Span);
        }
        else
        {
            State.Remove(key);
        }
    }
}
