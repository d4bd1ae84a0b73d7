using Bft.Client;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Api.Frames;
using Bft.Network.Tests.Api.Fakes;
using CsCheck;

namespace Bft.Network.Tests.Client;

/// <summary>A run that repeats sequences of earlier runs has one receipt for each height: the parts are put together.</summary>
public sealed class SplitReceiptTests : IAsyncLifetime
{
    private static readonly Genesis Genesis = FakeNetwork.MakeGenesis();
    private static readonly Chain Chain = Genesis.ToChain();

    private readonly RunSender _sender = new(Chain, new ValidatorKeys(Genesis, Chain), new BftClientOptions { Genesis = Genesis });
    private readonly Run _run = MakeRun(5, 4);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _sender.DisposeAsync();

    [Fact]
    public async Task Parts_of_several_heights_complete_a_run_when_two_validators_signed_each()
    {
        Task<RunResult> result = _sender.SendAcquiredAsync(_run, default);
        Receipt early = Part(5, 3, 1, 0);
        Receipt late = Part(7, 9, 0, 7);
        Deliver(0, early, late);
        Assert.Equal(1, _sender.Outstanding);
        Deliver(1, early);
        Deliver(1, late);
        Receipt whole = (await result.WaitAsync(TimeSpan.FromSeconds(10))).Receipt!.Value;
        Assert.Equal((_run.First, _run.Count, new Height(9)), (whole.First, whole.Count, whole.Height));
        Assert.Equal([1, 0, 0, 7], Enumerable.Range(0, 4).Select(i => (int)whole.CodeAt(i)));
        Assert.Equal(0, _sender.Outstanding);
    }

    [Fact]
    public void Parts_that_differ_in_height_or_code_do_not_add_up()
    {
        _ = _sender.SendAcquiredAsync(_run, default);
        Deliver(0, Part(5, 3, 1, 0), Part(7, 9, 0, 7));
        Deliver(1, Part(5, 3, 1, 0), Part(7, 8, 0, 7));
        Deliver(2, Part(5, 3, 1, 0), Part(7, 9, 0, 6));
        Assert.Equal(1, _sender.Outstanding);
        Deliver(3, Part(7, 9, 0, 7));
        Assert.Equal(0, _sender.Outstanding);
    }

    [Fact]
    public void One_validator_completes_nothing_whatever_parts_it_signs()
    {
        _ = _sender.SendAcquiredAsync(_run, default);
        for (int i = 0; i < 4; i++)
        {
            Deliver(2, Part(5, 3, 1), Part(6, 3, 0, 0, 7));
            Deliver(2, Part(5, 3, 1, 0), Part(7, 3, 0, 7));
            Deliver(2, Part(5, 3, 1, 0, 0, 7));
        }

        Assert.Equal(1, _sender.Outstanding);
    }

    [Fact]
    public void Parts_and_whole_receipts_in_any_cut_and_order_complete_exactly_when_each_sequence_has_two_equal_words()
    {
        var word = Gen.Select(Gen.Int[0, 3], Gen.Int[5, 8], Gen.Int[1, 4], Gen.Int[1, 2], Gen.Byte[0, 1]);
        word.List[1, 60].Sample(
            words =>
            {
                var sender = new RunSender(Chain, new ValidatorKeys(Genesis, Chain), new BftClientOptions { Genesis = Genesis });
                _ = sender.SendAcquiredAsync(_run, default);
                // What each validator said last of each sequence, and which sequences two ever agreed on.
                var said = new (int Height, byte Code)?[4, 4];
                var agreed = new bool[4];
                bool isSplit = false;
                foreach ((int validator, int first, int asked, int height, byte code) in words)
                {
                    int count = Math.Min(asked, 9 - first);
                    // The client looks for parts of a run once it has seen its first one.
                    bool isSeen = first == 5 || isSplit;
                    isSplit |= first == 5 && count < 4;
                    var receipt = new Receipt(_run.Client, (ulong)first, count, new Height((ulong)height), new[] { code });
                    sender.OnReceipts(SignedReceipts.Decode(SignedReceipts.Sign(Chain, FakeNetwork.Key($"test identity {validator}"), new ReplicaId(validator), receipt.Height, [receipt]))!);
                    for (int i = first - 5; isSeen && i < first - 5 + count; i++)
                    {
                        said[validator, i] = (height, code);
                        agreed[i] |= Enumerable.Range(0, 4).Count(other => said[other, i] == (height, code)) >= 2;
                    }
                }

                return sender.Outstanding == (agreed.All(one => one) ? 0 : 1);
            },
            iter: 500);
    }

    [Fact]
    public async Task A_repeat_that_overlaps_earlier_runs_gets_its_results_through_a_whole_network()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        Run run = MakeRun(5, 4, network.Chain);
        foreach (FakeValidator validator in network.Validators)
        {
            validator.OnSubmit = submitted =>
            {
                validator.Receipts.Publish(new Height(9), [Part(5, 3, 1, 0) with { Client = submitted.Client }, Part(7, 9, 0) with { Client = submitted.Client, Count = 2 }]);
                return new Bft.Network.Api.SubmitAnswer(Bft.Network.Api.SubmitVerdict.Accepted);
            };
        }

        RunResult result = await network.Client().SubmitRunAsync(run).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal([1, 0, 0, 0], Enumerable.Range(0, 4).Select(i => (int)result.Receipt!.Value.CodeAt(i)));
    }

    private static Run MakeRun(ulong first, int count, Chain? chain = null) =>
        Run.Sign(chain ?? Chain, FakeNetwork.Key("client"), first, [.. Enumerable.Range(0, count).Select(i => (ReadOnlyMemory<byte>)SubmitTests.Bytes($"k{i}=v"))]);

    private Receipt Part(ulong first, ulong height, params byte[] codes) => new(_run.Client, first, codes.Length, new Height(height), codes);

    private void Deliver(int validator, params Receipt[] receipts) =>
        _sender.OnReceipts(SignedReceipts.Decode(SignedReceipts.Sign(
            Chain, FakeNetwork.Key($"test identity {validator}"), new ReplicaId(validator), receipts.Max(receipt => receipt.Height), receipts))!);
}
