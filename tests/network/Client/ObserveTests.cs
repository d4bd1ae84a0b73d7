using Bft.Client;
using Bft.Engine;
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
