using Bft.Engine.Execution;

namespace Bft.Engine.Tests.Execution;

public sealed class SessionScenarioTests
{
    private readonly Chain _chain = TestChain.Create();
    private readonly RecordingApplication _application = new();
    private readonly TestBlocks _blocks;
    private readonly Executor _executor;

    public SessionScenarioTests()
    {
        _blocks = new TestBlocks(_chain);
        _executor = new Executor(_chain, _application);
    }

    [Fact]
    public void A_repeated_run_is_not_executed_again_and_gets_the_receipt_of_the_first_time()
    {
        Run run = _chain.Run(1, 1, Command(7), Command(7));
        Receipt first = Assert.Single(Execute(run));
        Execute();
        ExecutionResult repeat = _executor.Execute(_blocks.Next(run));
        Assert.Equal(0, repeat.Executed);
        AssertEqual(first, Assert.Single(repeat.Receipts));
        Assert.Equal(new Height(1), first.Height);
        Assert.Equal(7, first.CodeAt(1));
        Assert.Equal(2, _application.Executed.Count);
    }

    [Fact]
    public void The_same_sequences_in_other_bytes_are_a_repeat_too()
    {
        Execute(_chain.Run(1, 1, Command(3)));
        Receipt receipt = Assert.Single(Execute(_chain.Run(1, 1, Command(4))));
        Assert.Equal(3, receipt.CodeAt(0));
        Assert.Single(_application.Executed);
    }

    [Fact]
    public void A_run_twice_in_one_block_is_executed_once()
    {
        Run run = _chain.Run(1, 5, Command(1), Command(2));
        IReadOnlyList<Receipt> receipts = Execute(run, _chain.Run(2, 1, Command(9)), run, _chain.Run(1, 6, Command(8), Command(3)));
        Assert.Equal(4, receipts.Count);
        AssertEqual(receipts[0], receipts[2]);
        Assert.Equal([2, 3], receipts[3].Codes.ToArray());
        Assert.Equal([1, 2, 9, 3], _application.Executed.Select(command => command[0]));
    }

    [Fact]
    public void A_run_that_is_partly_a_repeat_executes_the_rest_and_has_a_receipt_for_each_height()
    {
        Execute(_chain.Run(1, 3, Command(1), Command(1)));
        ExecutionResult result = _executor.Execute(_blocks.Next(_chain.Run(1, 2, Command(2), Command(2), Command(2), Command(5))));
        Assert.Equal(2, result.Executed);
        Assert.Equal(
            [(2UL, 1, 2UL, 2), (3UL, 2, 1UL, 1), (5UL, 1, 2UL, 5)],
            result.ReceiptsOf(0).ToArray().Select(receipt => (receipt.First, receipt.Count, receipt.Height.Value, (int)receipt.CodeAt(0))));
        Assert.Equal(4, _application.Executed.Count);
    }

    [Fact]
    public void An_abandoned_sequence_blocks_nobody_and_may_still_come()
    {
        Execute(_chain.Run(1, 10, Command(1)));
        Receipt late = Assert.Single(Execute(_chain.Run(1, 9, Command(2))));
        Assert.Equal((2UL, 2), (late.Height.Value, late.CodeAt(0)));
        Assert.Equal(2, _application.Executed.Count);
    }

    [Fact]
    public void What_falls_out_of_the_window_is_forgotten_and_never_executed_again()
    {
        Chain chain = TestChain.Create(sessionIntervals: 3);
        var executor = new Executor(chain, _application);
        var blocks = new TestBlocks(chain);
        for (ulong height = 1; height <= 4; height++)
        {
            executor.Execute(blocks.Next(chain.Run(1, 10 * height, Command((byte)height))));
        }

        // 10 went and the floor stands there: 10 is forgotten, the gap below it is given up, the gap above it is open.
        ExecutionResult result = executor.Execute(blocks.Next(chain.Run(1, 9, Command(7), Command(8), Command(9))));
        Assert.Equal([9], _application.Executed.Skip(4).Select(command => command[0]));
        Receipt[] receipts = result.ReceiptsOf(0).ToArray();
        Assert.Equal((9UL, 2, 0UL, ReceiptCodes.Forgotten), (receipts[0].First, receipts[0].Count, receipts[0].Height.Value, receipts[0].CodeAt(1)));
        Assert.Equal((11UL, 1, 5UL, (byte)9), (receipts[1].First, receipts[1].Count, receipts[1].Height.Value, receipts[1].CodeAt(0)));

        // 11 itself was the lowest of four and went at once.
        Assert.Null(executor.Sessions.Find(chain.ClientOf(1), 11, 2));
        Receipt forgotten = Assert.Single(executor.Sessions.Find(chain.ClientOf(1), 11, 1)!);
        Assert.Equal(ReceiptCodes.Forgotten, forgotten.CodeAt(0));
    }

    [Fact]
    public void Ingress_learns_what_is_executed_and_gets_the_same_receipts()
    {
        Run run = _chain.Run(1, 1, Command(1), Command(2), Command(2));
        Assert.False(_executor.Sessions.IsExecuted(run));
        Assert.Null(_executor.Sessions.Find(run.Client, 1, 3));
        Receipt receipt = Assert.Single(Execute(run));
        Assert.True(_executor.Sessions.IsExecuted(run));
        Assert.False(_executor.Sessions.IsExecuted(_chain.Run(1, 3, Command(2), Command(2))));
        AssertEqual(receipt, Assert.Single(_executor.Sessions.Find(run.Client, 1, 3)!));

        // A part with equal results is one byte, as it would be in a run of its own.
        Assert.Equal([2], Assert.Single(_executor.Sessions.Find(run.Client, 2, 2)!).Codes.ToArray());
        Assert.Null(_executor.Sessions.Find(run.Client, 3, 2));
    }

    [Theory]
    [InlineData(0UL, 1)]
    [InlineData(1UL, 0)]
    [InlineData(1UL, -1)]
    [InlineData(1UL, 1025)]
    [InlineData(ulong.MaxValue, 2)]
    public void A_range_that_no_run_can_have_has_no_receipts(ulong first, int count)
    {
        Execute(_chain.Run(1, 1, Command(1)));
        Assert.Null(_executor.Sessions.Find(_chain.ClientOf(1), first, count));
    }

    [Fact]
    public void Highest_sequences_do_not_overflow()
    {
        Run run = _chain.Run(1, ulong.MaxValue - 2, Command(1), Command(2));
        Execute(run);
        Assert.True(_executor.Sessions.IsExecuted(run));
        Execute(run);
        Assert.Equal(2, _application.Executed.Count);
    }

    [Fact]
    public void Sessions_are_part_of_the_state_root()
    {
        // The same commands by another client, and under another sequence: the application sees no difference, the state has one.
        StatePoint Reached(int client, ulong first)
        {
            var executor = new Executor(_chain, new RecordingApplication());
            return executor.Execute(new TestBlocks(_chain).Next(_chain.Run(client, first, Command(1)))).Point;
        }

        Assert.Equal(Reached(1, 1).StateRoot, Reached(1, 1).StateRoot);
        Assert.NotEqual(Reached(1, 1).StateRoot, Reached(2, 1).StateRoot);
        Assert.NotEqual(Reached(1, 1).StateRoot, Reached(1, 2).StateRoot);
    }

    [Fact]
    public void Unequal_results_are_remembered_within_a_bound()
    {
        // Blocks of 1000 alternating results: after 65 of them the first results must go, although there is room for intervals.
        ReadOnlyMemory<byte>[] commands = [.. Enumerable.Range(0, 1000).Select(i => Command((byte)(i % 2)))];
        for (ulong block = 0; block < 66; block++)
        {
            Execute(_chain.Run(1, 1 + (1000 * block), commands));
        }

        Assert.Equal(ReceiptCodes.Forgotten, _executor.Sessions.Find(_chain.ClientOf(1), 1, 1)![0].CodeAt(0));
        Receipt kept = Assert.Single(_executor.Sessions.Find(_chain.ClientOf(1), 65001, 1000)!);
        Assert.Equal((66UL, 1), (kept.Height.Value, kept.CodeAt(1)));
    }

    [Fact]
    public void A_new_client_without_a_place_in_the_tree_is_refused_and_others_go_on()
    {
        // Client names ground until their ids collide in the leading eight bits, the depth of an empty tree.
        var executor = new Executor(_chain, _application);
        var blocks = new TestBlocks(_chain);
        List<Run> colliding = [];
        for (int name = 0; colliding.Count <= 1024; name++)
        {
            Run run = _chain.Run(name, 1, Command(1));
            if (run.Client.Prefix >> 56 == 0)
            {
                colliding.Add(run);
            }
        }

        Run spread = _chain.Run(-1, 1, Command(1));
        Assert.NotEqual(0UL, spread.Client.Prefix >> 56);
        ExecutionResult result = executor.Execute(blocks.Next([.. colliding, colliding[^1], spread]));
        Assert.Equal(1025, result.Executed);
        Assert.Equal((byte)0, result.ReceiptsOf(1023)[0].CodeAt(0) - 1);
        Assert.Equal(ReceiptCodes.Refused, result.ReceiptsOf(1024)[0].CodeAt(0));
        Assert.Equal(ReceiptCodes.Refused, result.ReceiptsOf(1025)[0].CodeAt(0));
        Assert.Equal(new Height(1), result.ReceiptsOf(1026)[0].Height);
        Assert.False(executor.Sessions.IsExecuted(colliding[^1]));
    }

    private static ReadOnlyMemory<byte> Command(byte result) => new byte[] { result };

    private static void AssertEqual(Receipt expected, Receipt actual)
    {
        Assert.Equal(expected with { Codes = default }, actual with { Codes = default });
        Assert.Equal(expected.Codes.ToArray(), actual.Codes.ToArray());
    }

    private IReadOnlyList<Receipt> Execute(params Run[] runs) => _executor.Execute(_blocks.Next(runs)).Receipts;
}
