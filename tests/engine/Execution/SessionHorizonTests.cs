using Bft.Engine.Execution;

namespace Bft.Engine.Tests.Execution;

/// <summary>Whoever proposes may order a client's runs as it likes, and leave some out: a client that keeps to <see cref="ChainLimits.RunsUnderWay"/> loses none.</summary>
public sealed class SessionHorizonTests
{
    private const int Intervals = 8;
    private const int Largest = 1024;

    private static readonly Chain Chain = TestChain.Create(Intervals);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(Largest)]
    public void A_run_that_leaders_left_out_as_long_as_they_could_is_executed_after_all(int size)
    {
        int horizon = Chain.Limits.RunsUnderWay(size);
        Assert.Equal(ReceiptCodes.Ok, CodeOfLeftOut(size, horizon - 1));
    }

    [Fact]
    public void One_that_is_left_further_behind_is_forgotten()
    {
        Assert.Equal(ReceiptCodes.Ok, CodeOfLeftOut(1, Intervals));
        Assert.Equal(ReceiptCodes.Forgotten, CodeOfLeftOut(1, Intervals + 1));
    }

    [Fact]
    public void Unequal_results_of_large_runs_are_reckoned_with()
    {
        Chain many = TestChain.Create(4096);
        int horizon = many.Limits.RunsUnderWay(Largest);
        Assert.Equal(Session.MaxCodeBytes / Largest / 2, horizon);
        Assert.Equal(2048, many.Limits.RunsUnderWay(1));
        Assert.Equal(1, many.Limits.RunsUnderWay(int.MaxValue));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void No_order_within_the_horizon_loses_a_run(int seed)
    {
        var random = new Random(seed);
        int horizon = Chain.Limits.RunsUnderWay(2);
        var executor = new Executor(Chain, new RecordingApplication());
        var blocks = new TestBlocks(Chain);
        var open = new SortedSet<int>();
        for (int next = 0; next < 400;)
        {
            while (open.Count == 0 || next - open.Min < horizon)
            {
                open.Add(next++);
            }

            int chosen = open.ElementAt(random.Next(open.Count));
            open.Remove(chosen);
            CommittedBlock block = blocks.Next(RunAt(chosen, 2));
            Assert.Equal(ReceiptCodes.Ok, executor.Execute(block).ReceiptsOf(0)[0].CodeAt(0));
        }
    }

    // The first run is left out while so many after it are executed, a block each and no two beside each other; then it comes.
    private static byte CodeOfLeftOut(int size, int others)
    {
        var executor = new Executor(Chain, new RecordingApplication());
        var blocks = new TestBlocks(Chain);
        for (int i = 1; i <= others; i++)
        {
            executor.Execute(blocks.Next(RunAt(2 * i, size)));
        }

        return executor.Execute(blocks.Next(RunAt(0, size))).ReceiptsOf(0)[0].CodeAt(0);
    }

    private static Run RunAt(int index, int size) =>
        Chain.Run(1, 1 + ((ulong)index * (ulong)size), [.. Enumerable.Range(0, size).Select(i => (ReadOnlyMemory<byte>)new byte[] { (byte)(i % 2), 0, 0 })]);
}
