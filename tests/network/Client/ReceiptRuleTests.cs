using System.Text;
using Bft.Client;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Api.Frames;
using Bft.Network.Tests.Api.Fakes;
using CsCheck;

namespace Bft.Network.Tests.Client;

/// <summary>The rule that everything stands on: f+1 equal signed receipts of distinct validators, and nothing less.</summary>
public sealed class ReceiptRuleTests : IAsyncLifetime
{
    private readonly Genesis _genesis = FakeNetwork.MakeGenesis();
    private readonly Chain _chain;
    private readonly RunSender _sender;
    private readonly Run _run;
    private readonly Receipt _true;

    public ReceiptRuleTests()
    {
        _chain = _genesis.ToChain();
        _sender = Sender(_genesis, _chain);
        _run = MakeRun(_chain);
        _true = new Receipt(_run.Client, _run.First, _run.Count, new Height(9), new byte[] { 0, 1 });
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _sender.DisposeAsync();

    [Fact]
    public async Task Two_equal_receipts_of_four_validators_complete_a_run()
    {
        Task<RunResult> result = _sender.SendAcquiredAsync(_run, default);
        Deliver(1, _true);
        Assert.Equal(1, _sender.Outstanding);
        Deliver(3, _true);
        RunResult done = await result;
        Assert.Equal(new Height(9), done.Receipt!.Value.Height);
        Assert.Equal(1, done.Receipt.Value.CodeAt(1));
    }

    [Fact]
    public void One_receipt_never_completes_a_run_however_often_it_comes()
    {
        _ = _sender.SendAcquiredAsync(_run, default);
        for (int i = 0; i < 5; i++)
        {
            Deliver(2, _true);
        }

        Assert.Equal(1, _sender.Outstanding);
    }

    [Fact]
    public void One_validator_that_says_two_things_counts_once()
    {
        _ = _sender.SendAcquiredAsync(_run, default);
        Deliver(2, _true);
        Deliver(2, _true with { Height = new Height(8) });
        Deliver(2, _true);
        Assert.Equal(1, _sender.Outstanding);
    }

    [Fact]
    public async Task Receipts_that_differ_do_not_add_up()
    {
        Task<RunResult> result = _sender.SendAcquiredAsync(_run, default);
        Deliver(0, _true);
        Deliver(1, _true with { Codes = new byte[] { 0 } });
        Deliver(2, _true with { Height = new Height(10) });
        Assert.Equal(1, _sender.Outstanding);
        Deliver(3, _true);
        Assert.Equal(new Height(9), (await result).Receipt!.Value.Height);
    }

    [Fact]
    public void A_receipt_signed_by_another_key_than_the_one_genesis_names_is_not_counted()
    {
        _ = _sender.SendAcquiredAsync(_run, default);
        Deliver(0, _true);
        Deliver(1, _true, signer: FakeNetwork.Key("test identity 0"));
        Assert.Equal(1, _sender.Outstanding);
    }

    [Fact]
    public void A_receipt_that_was_changed_after_it_was_signed_is_not_counted()
    {
        _ = _sender.SendAcquiredAsync(_run, default);
        Deliver(0, _true);
        byte[] frame = SignedReceipts.Sign(_chain, FakeNetwork.Key("test identity 1"), new ReplicaId(1), new Height(9), [_true with { Height = new Height(7) }]);
        SignedReceipts honest = SignedReceipts.Decode(frame)!;
        _sender.OnReceipts(honest with { Receipts = [_true], SignedContent = SignedReceipts.Decode(SignedReceipts.Sign(_chain, FakeNetwork.Key("x"), new ReplicaId(1), new Height(9), [_true]))!.SignedContent });
        Assert.Equal(1, _sender.Outstanding);
    }

    [Fact]
    public void A_receipt_of_another_chain_with_the_same_keys_is_not_counted()
    {
        _ = _sender.SendAcquiredAsync(_run, default);
        Chain other = (_genesis with { CreatedAt = 2 }).ToChain();
        Deliver(0, _true);
        Deliver(1, _true, chain: other);
        Deliver(2, _true, chain: other);
        Assert.Equal(1, _sender.Outstanding);
    }

    [Fact]
    public void A_stranger_outside_the_committee_is_not_counted()
    {
        _ = _sender.SendAcquiredAsync(_run, default);
        Deliver(0, _true);
        Deliver(4, _true, signer: FakeNetwork.Key("test identity 4"));
        Deliver(65535, _true, signer: FakeNetwork.Key("test identity 1"));
        Assert.Equal(1, _sender.Outstanding);
    }

    [Fact]
    public void A_receipt_for_another_number_of_transactions_is_not_of_this_run()
    {
        _ = _sender.SendAcquiredAsync(_run, default);
        foreach (int validator in new[] { 0, 1, 2, 3 })
        {
            Deliver(validator, _true with { Count = 1, Codes = new byte[] { 0 } });
        }

        Assert.Equal(1, _sender.Outstanding);
    }

    [Fact]
    public void Any_order_of_true_false_repeated_and_forged_receipts_completes_exactly_at_f_plus_one_equal_ones()
    {
        var event_ = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 2], Gen.Bool);
        Gen.Select(Gen.Int[4, 10], event_.List[1, 40]).Sample(
            (n, events) =>
            {
                Genesis genesis = FakeNetwork.MakeGenesis(n);
                Chain chain = genesis.ToChain();
                RunSender sender = Sender(genesis, chain);
                Run run = MakeRun(chain);
                _ = sender.SendAcquiredAsync(run, default);
                var latest = new Dictionary<int, int>();
                bool expected = false;
                foreach ((int validator, int height, bool forged) in events)
                {
                    var receipt = new Receipt(run.Client, run.First, run.Count, new Height((ulong)height + 1), new byte[] { 0 });
                    ISigner signer = FakeNetwork.Key(forged ? "mallory" : $"test identity {validator}");
                    sender.OnReceipts(SignedReceipts.Decode(SignedReceipts.Sign(chain, signer, new ReplicaId(validator), receipt.Height, [receipt]))!);
                    if (!forged && validator < n && !expected)
                    {
                        latest[validator] = height;
                        expected = latest.Values.Count(other => other == height) >= chain.Committee.FaultBound + 1;
                    }
                }

                return sender.Outstanding == (expected ? 0 : 1);
            },
            iter: 200);
    }

    private static RunSender Sender(Genesis genesis, Chain chain) =>
        new(chain, new ValidatorKeys(genesis, chain), new BftClientOptions { Genesis = genesis });

    private static Run MakeRun(Chain chain) =>
        Run.Sign(chain, FakeNetwork.Key("client"), 5, [Encoding.UTF8.GetBytes("a=1"), Encoding.UTF8.GetBytes("bad")]);

    private void Deliver(int validator, Receipt receipt, ISigner? signer = null, Chain? chain = null) =>
        _sender.OnReceipts(SignedReceipts.Decode(SignedReceipts.Sign(
            chain ?? _chain, signer ?? FakeNetwork.Key($"test identity {validator}"), new ReplicaId(validator), receipt.Height, [receipt]))!);
}
