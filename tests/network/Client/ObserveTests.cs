using Bft.Client;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Tests.Api.Fakes;

namespace Bft.Network.Tests.Client;

public sealed class ObserveTests
{
    [Fact]
    public async Task Watching_gives_history_then_new_blocks_in_order_and_is_resumed_at_a_height()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client();
        await FillAsync(client, 3);
        await using IAsyncEnumerator<CommittedBlock> watch = client.WatchAsync(new Height(2)).GetAsyncEnumerator();
        Assert.Equal([2ul, 3ul], await TakeAsync(watch, 2));
        await FillAsync(client, 2);
        Assert.Equal([4ul, 5ul], await TakeAsync(watch, 2));
    }

    [Fact]
    public async Task A_watch_goes_on_elsewhere_without_a_gap_when_its_validator_lies_or_dies()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client();
        await FillAsync(client, 4);
        // Validator 0 gives another history of the right heights under the true blocks' certificates.
        network.Validators[0].Garble = block => block with
        {
            Block = new Block(network.Chain, block.Block.Header with { Time = 1 }, block.Block.Payload, null),
        };
        await using IAsyncEnumerator<CommittedBlock> watch = client.WatchAsync(new Height(1)).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(network.Ledger.Block(new Height(1))!.Block.Digest, watch.Current.Block.Digest);
        Assert.Equal([2ul], await TakeAsync(watch, 1));
        await network.KillAsync(1);
        await FillAsync(client, 2);
        Assert.Equal([3ul, 4ul, 5ul, 6ul], await TakeAsync(watch, 4));
    }

    [Fact]
    public async Task Cancelling_ends_a_watch()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        using var ended = new CancellationTokenSource();
        await using IAsyncEnumerator<CommittedBlock> watch = network.Client().WatchAsync(new Height(1), ended.Token).GetAsyncEnumerator();
        ValueTask<bool> next = watch.MoveNextAsync();
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    [Fact]
    public async Task A_block_is_found_by_height_and_digest_and_believed_by_its_proof_only()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client();
        await FillAsync(client, 2);
        network.Validators[0].Garble = _ => network.Ledger.Block(new Height(1))!;
        CommittedBlock second = (await client.BlockAsync(new Height(2)))!;
        Assert.Equal(network.Ledger.Block(new Height(2))!.Block.Digest, second.Block.Digest);
        Assert.Equal(new Height(2), (await client.BlockAsync(second.Block.Digest))!.Block.Height);
        Assert.Null(await client.BlockAsync(new Height(9)));
    }

    [Fact]
    public async Task A_transaction_is_found_with_its_block_and_its_result()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client();
        IReadOnlyList<TransactionResult> sent = await client.SubmitAsync([SubmitTests.Bytes("a=1"), SubmitTests.Bytes("bad")]);
        network.Validators[0].Twist = receipt => receipt with { Codes = new byte[] { 7 } };
        // Without a signer: looking up needs none.
        CommittedTransaction found = (await network.Client(options => options with { Signer = null, Sequences = null }).TransactionAsync(sent[1].Id))!;
        Assert.Equal((sent[1].Height, FakeLedger.BadCommand, "bad"), (found.Height, found.Code, System.Text.Encoding.UTF8.GetString(found.Command.Span)));
        Assert.Null(await client.TransactionAsync(sent[1].Id with { Sequence = 99 }));
    }

    [Fact]
    public async Task A_validator_that_names_a_later_block_which_repeats_the_run_is_not_believed()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client();
        TransactionResult sent = await client.SubmitAsync(SubmitTests.Bytes("a=1"));
        network.Validators[0].Misplaces = network.Ledger.Repeat(network.Ledger.Block(sent.Height)!.Block.Payload.Runs[0]);
        foreach (int other in new[] { 1, 2, 3 })
        {
            // Whoever believes the first that answers hears the liar.
            network.Validators[other].Misplaces = new Height(99);
        }

        CommittedTransaction found = (await client.TransactionAsync(sent.Id))!;
        Assert.Equal((new Height(1), (byte)0), (found.Height, found.Code));
    }

    [Fact]
    public async Task A_validator_that_names_a_later_block_where_the_sequence_has_other_content_is_not_believed()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client();
        TransactionResult sent = await client.SubmitAsync(SubmitTests.Bytes("a=1"));

        // Its client signed its sequence twice; the second content was ordered, too, and never executed.
        Height later = network.Ledger.Repeat(Run.Sign(network.Chain, FakeNetwork.Key("client"), sent.Id.Sequence, [SubmitTests.Bytes("a=2")]));
        network.Validators[0].Misplaces = later;
        foreach (int other in new[] { 1, 2, 3 })
        {
            // Whoever believes the first that answers hears the liar.
            network.Validators[other].Misplaces = new Height(99);
        }

        CommittedTransaction found = (await client.TransactionAsync(sent.Id))!;
        Assert.Equal((new Height(1), (byte)0, "a=1"), (found.Height, found.Code, System.Text.Encoding.UTF8.GetString(found.Command.Span)));
    }

    [Fact]
    public async Task Where_the_result_is_forgotten_the_lowest_block_that_is_proved_to_hold_it_counts()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client();
        TransactionResult sent = await client.SubmitAsync(SubmitTests.Bytes("a=1"));
        network.Validators[0].Misplaces = network.Ledger.Repeat(network.Ledger.Block(sent.Height)!.Block.Payload.Runs[0]);
        foreach (FakeValidator validator in network.Validators)
        {
            validator.Twist = receipt => receipt with { Height = default, Codes = new[] { ReceiptCodes.Forgotten } };
        }

        CommittedTransaction found = (await client.TransactionAsync(sent.Id))!;
        Assert.Equal((new Height(1), ReceiptCodes.Forgotten), (found.Height, found.Code));

        // One validator's word alone could name the repeat.
        BftClient few = network.Client(options => options with { Endpoints = [.. new[] { 0, 1 }.Select(i => new Uri("http://" + network.Genesis.Validators[i].ClientAddress))] });
        network.Validators[1].Forgets = true;
        await Assert.ThrowsAsync<BftClientException>(() => few.TransactionAsync(sent.Id));
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(0ul)]
    public async Task The_height_of_the_chain_is_what_an_honest_validator_says_whatever_one_liar_says(ulong lie)
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client();
        await FillAsync(client, 3);
        network.Validators[0].Claims = new Height(lie);

        // A quorum that the liar is in.
        await network.KillAsync(3);
        Assert.Equal(new Height(3), await client.HeightAsync());
    }

    [Fact]
    public async Task The_height_waits_for_a_quorum_and_says_why_once()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client();
        await network.KillAsync(2);
        await network.KillAsync(3);
        using var ended = new CancellationTokenSource();
        var notices = new List<string>();
        int asked = 0;
        network.Validators[0].OnStatus = () =>
        {
            // The fourth try.
            if (Interlocked.Increment(ref asked) == 4)
            {
                ended.Cancel();
            }
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.HeightAsync(notices.Add, ended.Token));
        Assert.Contains("Unavailable", Assert.Single(notices), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_goes_on_elsewhere_when_its_validator_withholds_a_block_that_others_have()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client(options => options with { CallTimeout = TimeSpan.FromMilliseconds(500) });
        await FillAsync(network.Client(), 3);
        network.Validators[0].Withholds = new Height(2);
        await using IAsyncEnumerator<CommittedBlock> watch = client.WatchAsync(new Height(1)).GetAsyncEnumerator();
        Assert.Equal([1ul, 2ul, 3ul], await TakeAsync(watch, 3));
    }

    [Fact]
    public async Task A_watch_that_nobody_serves_says_so_once_and_goes_on_trying()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        BftClient client = network.Client();
        for (int i = 0; i < 4; i++)
        {
            await network.KillAsync(i);
        }

        using var ended = new CancellationTokenSource();
        var told = new TaskCompletionSource<string>();
        int notices = 0;
        await using IAsyncEnumerator<CommittedBlock> watch = client.WatchAsync(new Height(1), Notice, ended.Token).GetAsyncEnumerator();
        ValueTask<bool> next = watch.MoveNextAsync();
        string reason = await told.Task;
        Assert.All(network.Genesis.Validators, validator => Assert.Contains(validator.ClientAddress, reason, StringComparison.Ordinal));
        Assert.False(next.IsCompleted);
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
        Assert.Equal(1, notices);

        void Notice(string text)
        {
            notices++;
            told.TrySetResult(text);
        }
    }

    [Fact]
    public async Task Status_gives_each_endpoints_word_or_why_there_is_none()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        await network.KillAsync(3);
        IReadOnlyList<EndpointStatus> all = await network.Client().StatusAsync();
        Assert.Equal([0u, 1u, 2u], all.Where(one => one.Status is not null).Select(one => one.Status!.Validator));
        Assert.Contains("Unavailable", all[3].Error, StringComparison.Ordinal);
        Assert.Equal(3, all[0].Status!.Peers.Count);
        Assert.Equal("org-1", all[0].Status!.Peers[0].Name);
    }

    private static async Task FillAsync(BftClient client, int blocks)
    {
        for (int i = 0; i < blocks; i++)
        {
            await client.SubmitAsync(SubmitTests.Bytes($"k{i}=v"));
        }
    }

    private static async Task<List<ulong>> TakeAsync(IAsyncEnumerator<CommittedBlock> watch, int count)
    {
        var heights = new List<ulong>();
        while (heights.Count < count && await watch.MoveNextAsync())
        {
            heights.Add(watch.Current.Block.Height.Value);
        }

        return heights;
    }
}
