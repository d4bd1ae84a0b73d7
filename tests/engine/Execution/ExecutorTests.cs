using Bft.Applications.KeyValue;
using Bft.Crypto;
using Bft.Engine.Execution;

namespace Bft.Engine.Tests.Execution;

public sealed class ExecutorTests
{
    private readonly Chain _chain = TestChain.Create();

    [Fact]
    public void Two_executors_reach_the_same_points()
    {
        var first = new Executor(_chain, new KeyValueApplication(), lookupSeed: 1);
        var second = new Executor(_chain, new KeyValueApplication(new KeyValueOptions { LookupSeed = 7 }), lookupSeed: 2);
        Assert.Equal(first.Point, second.Point);
        var blocks = new TestBlocks(_chain);
        for (int i = 0; i < 20; i++)
        {
            CommittedBlock block = blocks.Next(Puts(i % 3, (ulong)(1 + (4 * i)), 4), Puts(7, (ulong)(1 + (2 * i)), 3));
            StatePoint point = first.Execute(block).Point;
            Assert.Equal(point, second.Execute(block).Point);
            Assert.Equal(new Height((ulong)i + 1), point.Height);
        }
    }

    [Fact]
    public void The_chain_of_the_point_links_every_block()
    {
        var executor = new Executor(_chain, new RecordingApplication());
        Assert.Equal(new StatePoint(default, Executor.JoinRoots(_chain, Digest.None, executor.Sessions.Root, 0), _chain.Id), executor.Point);
        var blocks = new TestBlocks(_chain);
        CommittedBlock first = blocks.Next();
        CommittedBlock second = blocks.Next(Puts(1, 1, 1));
        executor.Execute(first);
        Assert.Equal(_chain.Link(_chain.Link(_chain.Id, first.Block.Digest), second.Block.Digest), executor.Execute(second).Point.Chain);
    }

    [Fact]
    public void A_transaction_counts_once_however_often_it_is_committed()
    {
        var executor = new Executor(_chain, new KeyValueApplication());
        var blocks = new TestBlocks(_chain);
        executor.Execute(blocks.Next(Puts(1, 1, 4), Puts(2, 1, 3)));
        Assert.Equal(7ul, executor.Transactions);

        // The same run again in one block and in the next, and a longer one over part of it.
        executor.Execute(blocks.Next(Puts(1, 1, 4), Puts(3, 1, 2), Puts(3, 1, 2)));
        Assert.Equal(9ul, executor.Transactions);
        executor.Execute(blocks.Next(Puts(1, 3, 4)));
        Assert.Equal(11ul, executor.Transactions);
    }

    [Fact]
    public void The_state_root_tells_how_many_transactions_were_executed()
    {
        var executor = new Executor(_chain, new RecordingApplication());
        executor.Execute(new TestBlocks(_chain).Next(Puts(1, 1, 4)));
        ExecutedHeight last = executor.Recent(new Height(1))!.Value;
        Assert.Equal(last.Point.StateRoot, Executor.JoinRoots(_chain, last.ApplicationRoot, last.SessionsRoot, 4));
        Assert.NotEqual(last.Point.StateRoot, Executor.JoinRoots(_chain, last.ApplicationRoot, last.SessionsRoot, 5));
    }

    [Fact]
    public void A_height_out_of_order_stops_execution_for_good()
    {
        var executor = new Executor(_chain, new RecordingApplication());
        var blocks = new TestBlocks(_chain);
        CommittedBlock first = blocks.Next();
        CommittedBlock second = blocks.Next();
        Assert.Throws<InvalidOperationException>(() => executor.Execute(second));
        Assert.Throws<InvalidOperationException>(() => executor.Execute(first));
        Assert.Equal(default, executor.Point.Height);
    }

    [Fact]
    public void A_failing_application_stops_execution_for_good()
    {
        var application = new RecordingApplication { Disturb = _ => throw new DivideByZeroException() };
        var executor = new Executor(_chain, application);
        Assert.Throws<DivideByZeroException>(() => executor.Execute(new TestBlocks(_chain).Next(Puts(1, 1, 1))));
        application.Disturb = null;
        Assert.Throws<InvalidOperationException>(() => executor.Execute(new TestBlocks(_chain).Next(Puts(1, 1, 1))));
    }

    [Fact]
    public void An_application_may_not_give_the_engines_results()
    {
        var executor = new Executor(_chain, new RecordingApplication());
        Assert.Throws<InvalidOperationException>(() => executor.Execute(new TestBlocks(_chain).Next(_chain.Run(1, 1, new byte[] { ReceiptCodes.FirstReserved }))));
    }

    [Fact]
    public void An_application_that_diverges_is_caught_by_the_root_in_a_later_header()
    {
        var honest = new Executor(_chain, new RecordingApplication());
        var diverging = new Executor(_chain, new RecordingApplication { Disturb = command => command[^1] == 3 ? [1] : command });
        var blocks = new TestBlocks(_chain);
        for (ulong sequence = 1; sequence <= 3; sequence++)
        {
            CommittedBlock block = blocks.Next(_chain.Run(1, sequence, new byte[] { 0, (byte)sequence }));
            StatePoint honestPoint = honest.Execute(block).Point;
            Assert.Equal(sequence < 3, honestPoint == diverging.Execute(block).Point);
        }

        blocks.Executed = honest.Point;
        CommittedBlock telling = blocks.Next();
        honest.Execute(telling);
        StateDivergedException divergence = Assert.Throws<StateDivergedException>(() => diverging.Execute(telling));
        Assert.Equal(new Height(3), divergence.Ours.Height);
        Assert.Equal(honest.PointAt(new Height(3)), divergence.Committed);
        Assert.Equal(new Height(3), diverging.Point.Height);
    }

    [Fact]
    public void The_last_64_points_are_kept()
    {
        var executor = new Executor(_chain, new RecordingApplication());
        var blocks = new TestBlocks(_chain);
        var points = new Dictionary<Height, StatePoint> { [default] = executor.Point };
        for (int i = 0; i < 100; i++)
        {
            StatePoint point = executor.Execute(blocks.Next(Puts(1, (ulong)i + 1, 1))).Point;
            points[point.Height] = point;
        }

        Assert.Null(executor.PointAt(new Height(36)));
        Assert.Null(executor.PointAt(new Height(101)));
        for (ulong height = 37; height <= 100; height++)
        {
            Assert.Equal(points[new Height(height)], executor.PointAt(new Height(height)));
        }
    }

    [Fact]
    public void A_block_is_not_kept_alive_by_what_was_executed()
    {
        // A value in the state is an array of its own: its length is the value's, not the block's.
        var application = new KeyValueApplication();
        var executor = new Executor(_chain, application);
        executor.Execute(new TestBlocks(_chain).Next(Puts(1, 1, 500)));
        QueryResult answer = application.Query("key-1-1"u8, null);
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(answer.Value, out ArraySegment<byte> held));
        Assert.InRange(held.Array!.Length, 1, 64);
    }

    internal Run Puts(int client, ulong first, int count) => _chain.Run(client, first, [
        .. Enumerable.Range(0, count).Select(i => (ReadOnlyMemory<byte>)KeyValueCommand.Put(
            System.Text.Encoding.UTF8.GetBytes($"key-{client}-{first + (ulong)i}"), System.Text.Encoding.UTF8.GetBytes($"value {first}")))]);
}
