using System.Collections.Immutable;
using System.Text;
using Bft.Client;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Tests.Api.Fakes;
using Bft.Testnet.Clients;
using Bft.Testnet.Homes;

namespace Bft.Testnet.Tests.Clients;

/// <summary>The query client over validators whose every answer a test may twist, with real connections between them.</summary>
public sealed class BftQueryClientTests : IAsyncLifetime
{
    private static readonly byte[] Key = Encoding.UTF8.GetBytes("a");

    private readonly List<IAsyncDisposable> _clients = [];
    private FakeNetwork _network = null!;
    private BftClient _writer = null!;

    public async Task InitializeAsync()
    {
        _network = await FakeNetwork.StartAsync();
        _writer = _network.Client();
    }

    public async Task DisposeAsync()
    {
        foreach (IAsyncDisposable client in _clients)
        {
            await client.DisposeAsync();
        }

        await _network.DisposeAsync();
    }

    private BftQueryClient Client(Func<ClientIdentity>? ordering = null, TimeSpan? orderAfter = null, Genesis? genesis = null, params int[] endpoints)
    {
        ImmutableArray<ClientEndpoint> named = [.. (endpoints.Length > 0 ? endpoints : [0, 1, 2, 3]).Select(i => ClientEndpoint.Of(_network.Genesis.Validators[i]))];
        var client = new BftQueryClient(new ClientTarget(genesis ?? _network.Genesis, named), ordering, options => options with
        {
            CommitRule = FakeLedger.Rule,
            StateProofCheck = FakeLedger.CheckProof,
            CallTimeout = TimeSpan.FromMinutes(2),
        })
        {
            OrderAfter = orderAfter ?? TimeSpan.Zero,
        };
        _clients.Add(client);
        return client;
    }

    private async Task WriteAsync(string command) =>
        Assert.True((await _writer.SubmitAsync(Encoding.UTF8.GetBytes(command))).IsCommitted);

    // Two of four do not know their read index: no quorum answers.
    private TaskCompletionSource HoldReads()
    {
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _network.Validators[0].HoldReads = hold.Task;
        _network.Validators[1].HoldReads = hold.Task;
        return hold;
    }

    private static ClientIdentity NotOrdered() => throw new InvalidOperationException("Nothing is to be ordered here.");

    [Fact]
    public async Task A_read_that_a_quorum_settles_is_not_ordered_before_its_time()
    {
        await WriteAsync("a=1");
        TaskCompletionSource hold = HoldReads();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int asked = 0;
        foreach (FakeValidator validator in _network.Validators)
        {
            validator.OnStatus = () =>
            {
                if (Interlocked.Increment(ref asked) == 3)
                {
                    reached.SetResult();
                }
            };
        }

        Task<KeyAnswer> reading = Client(NotOrdered, Timeout.InfiniteTimeSpan).GetAsync(Key, Consistency.Linearizable, prove: false, default);
        await reached.Task;
        hold.SetResult();

        KeyAnswer answer = await reading;
        Assert.Equal(("1", "quorum"), (Encoding.UTF8.GetString(answer.Value.Span), answer.Method));
        Assert.Single(_network.Ledger.Blocks());
    }

    [Fact]
    public async Task A_read_that_no_quorum_settles_is_ordered_by_a_client_of_its_own_once_a_quorum_was_reached()
    {
        await WriteAsync("a=1");
        HoldReads();
        int reached = 0, before = 0;
        foreach (FakeValidator validator in _network.Validators)
        {
            validator.OnStatus = () => Interlocked.Increment(ref reached);
        }

        BftQueryClient client = Client(() =>
        {
            before = Volatile.Read(ref reached);
            return ReaderIdentity.Make();
        });
        KeyAnswer answer = await client.GetAsync(Key, Consistency.Linearizable, prove: false, default);

        Assert.Equal(("1", "ordered"), (Encoding.UTF8.GetString(answer.Value.Span), answer.Method));
        Assert.True(before >= 3, $"{before} validators were reached when the read was ordered");
        Assert.Equal(2, _network.Ledger.Blocks().Count);

        // The second read of this process is the same client's.
        Assert.Equal("ordered", (await client.GetAsync(Key, Consistency.Linearizable, prove: false, default)).Method);
        Run[] barriers = [.. _network.Ledger.Blocks().Skip(1).Select(block => Assert.Single(block.Block.Payload.Runs))];
        Assert.Equal(2, barriers.Length);
        Assert.Equal(barriers[0].Client, barriers[1].Client);
        Assert.Equal([1ul, 2ul], barriers.Select(run => run.First));
    }

    [Fact]
    public async Task A_key_that_cannot_be_had_does_not_end_a_read_that_the_quorum_still_settles()
    {
        await WriteAsync("a=1");
        TaskCompletionSource hold = HoldReads();
        bool asked = false;
        BftQueryClient client = Client(() =>
        {
            asked = true;
            hold.SetResult();
            throw new HomeException("the passphrase does not open the key store", "client.key.json", "name the right one");
        });

        KeyAnswer answer = await client.GetAsync(Key, Consistency.Linearizable, prove: false, default);

        Assert.True(asked);
        Assert.Equal(("1", "quorum"), (Encoding.UTF8.GetString(answer.Value.Span), answer.Method));
    }

    [Fact]
    public async Task Where_neither_a_quorum_nor_the_key_helps_both_are_told()
    {
        _network.Validators[0].Lie = answer => answer with { Found = true, Value = Encoding.UTF8.GetBytes("x") };
        _network.Validators[1].Lie = answer => answer with { Found = true, Value = Encoding.UTF8.GetBytes("y") };
        BftQueryClient client = Client(static () => throw new HomeException("the passphrase does not open the key store", "client.key.json", "name the right one"));

        ClientException failed = await Assert.ThrowsAsync<ClientException>(() => client.GetAsync(Key, Consistency.Linearizable, prove: false, default));

        Assert.Contains("no quorum of 3", failed.What, StringComparison.Ordinal);
        Assert.Contains("does not open the key store (client.key.json)", failed.What, StringComparison.Ordinal);
        Assert.Equal("name the right one", failed.Todo);
    }

    [Fact]
    public async Task A_read_that_is_given_up_is_cancelled_and_not_failed()
    {
        HoldReads();
        using var stop = new CancellationTokenSource();
        BftQueryClient client = Client(() =>
        {
            stop.Cancel();
            return ReaderIdentity.Make();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetAsync(Key, Consistency.Linearizable, prove: false, stop.Token));
    }

    [Fact]
    public async Task A_proof_older_than_the_read_is_asked_for_again_until_it_is_as_new()
    {
        await WriteAsync("a=1");
        int proofs = 0;
        foreach (FakeValidator validator in _network.Validators)
        {
            // The last certified header vouches for the state before the write, until there is one more block.
            validator.Forge = proof =>
            {
                if (Interlocked.Increment(ref proofs) == 4)
                {
                    _network.Ledger.Repeat(_network.Ledger.Block(new Height(1))!.Block.Payload.Runs[0]);
                }

                return proof;
            };
        }

        KeyAnswer answer = await Client(NotOrdered, Timeout.InfiniteTimeSpan).GetAsync(Key, Consistency.Linearizable, prove: true, default);

        Assert.Equal((true, "1", new Height(1)), (answer.Found, Encoding.UTF8.GetString(answer.Value.Span), answer.Height));
        Assert.True(answer.Proof!.Verified);
        Assert.True(proofs > 4, $"{proofs} proofs");
    }

    [Fact]
    public async Task An_older_proof_suffices_where_it_shows_what_the_read_found()
    {
        await WriteAsync("a=1");
        await WriteAsync("b=1");
        await WriteAsync("b=2");

        KeyAnswer answer = await Client(NotOrdered, Timeout.InfiniteTimeSpan).GetAsync(Key, Consistency.Linearizable, prove: true, default);

        Assert.Equal((true, new Height(2)), (answer.Found, answer.Height));
    }

    [Fact]
    public async Task A_forged_proof_is_passed_over_and_told_when_all_are_forged()
    {
        await WriteAsync("a=1");
        await WriteAsync("b=1");
        _network.Validators[0].Forge = proof => proof with { Value = Encoding.UTF8.GetBytes("2") };
        Assert.Equal("1", Encoding.UTF8.GetString((await Client().GetAsync(Key, Consistency.Stale, prove: true, default)).Value.Span));

        ClientException failed = await Assert.ThrowsAsync<ClientException>(() => Client(endpoints: 0).GetAsync(Key, Consistency.Stale, prove: true, default));
        Assert.Contains("does not lead to the certified state root", failed.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_foreign_genesis_is_told_as_that_and_not_as_validators_that_do_not_answer()
    {
        await WriteAsync("a=1");
        Genesis foreign = FakeNetwork.MakeGenesis(salt: "foreign");
        foreign = foreign with { Validators = [.. foreign.Validators.Select((validator, i) => validator with { ClientAddress = _network.Genesis.Validators[i].ClientAddress })] };

        ClientException failed = await Assert.ThrowsAsync<ClientException>(
            () => Client(ReaderIdentity.Make, Timeout.InfiniteTimeSpan, foreign).GetAsync(Key, Consistency.Linearizable, prove: true, default));

        Assert.Contains("chain", failed.What, StringComparison.Ordinal);
        Assert.Contains("proof", failed.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_without_a_height_begins_behind_the_last_block_whatever_one_validator_claims()
    {
        await WriteAsync("a=1");
        await WriteAsync("a=2");
        _network.Validators[0].Claims = new Height(ulong.MaxValue);
        await using IAsyncEnumerator<BlockAnswer> watch = Client(endpoints: 0).WatchAsync(null, static _ => { }, default).GetAsyncEnumerator();
        ValueTask<bool> next = watch.MoveNextAsync();

        // Whenever the height is asked for, what is committed then is history.
        while (!next.IsCompleted)
        {
            await WriteAsync("a=3");
        }

        Assert.True(await next);
        Assert.True(watch.Current.Height.Value > 2, $"{watch.Current.Height}");
    }

    [Fact]
    public async Task A_transaction_is_where_it_was_executed_and_not_where_one_validator_says()
    {
        TransactionResult sent = await _writer.SubmitAsync(Encoding.UTF8.GetBytes("a=1"));
        _network.Validators[0].Misplaces = _network.Ledger.Repeat(_network.Ledger.Block(sent.Height)!.Block.Payload.Runs[0]);

        Assert.Equal(sent.Height, await Client(endpoints: 0).TransactionAsync(sent.Id, default));
    }

    [Fact]
    public async Task A_transaction_that_its_block_did_not_execute_is_not_called_committed()
    {
        TransactionResult sent = await _writer.SubmitAsync(Encoding.UTF8.GetBytes("a=1"));
        foreach (FakeValidator validator in _network.Validators)
        {
            validator.Twist = static receipt => receipt with { Height = default, Codes = new byte[] { ReceiptCodes.Refused } };
        }

        ClientException refused = await Assert.ThrowsAsync<ClientException>(() => Client(endpoints: 0).TransactionAsync(sent.Id, default));

        Assert.Contains($"block {sent.Height} holds it, but it was not executed", refused.What, StringComparison.Ordinal);
    }
}
