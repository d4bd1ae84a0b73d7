using Bft.Engine.Sync;
using Bft.Engine.Tests.Loop;

namespace Bft.Engine.Tests.Sync;

/// <summary>What a peer may make a replica read and send.</summary>
public sealed class RequestBudgetTests
{
    private static readonly ReplicaId Flooding = new(1);
    private static readonly ReplicaId Honest = new(2);

    [Fact]
    public void A_peer_that_floods_with_requests_is_throttled_while_an_honest_one_catches_up()
    {
        const ulong Heights = 40 * RepairMessages.MaxRangeBlocks;
        LoopStage stage = Stage(Heights, bytes: 10);
        ulong honest = 0;
        int served = 0;
        for (int seconds = 0; honest < Heights; seconds++)
        {
            stage.Now = TimeSpan.FromSeconds(seconds);
            for (int i = 0; i < 5000; i++)
            {
                byte[] request = (i % 3) switch
                {
                    0 => RepairMessages.RangeRequest(new Height(1 + (ulong)i), 1),
                    1 => RepairMessages.BlockRequest(stage.Ledger.Read(new Height(1 + (ulong)i))!.Block.Digest),
                    _ => RepairMessages.HeadRequest(),
                };
                EdgeVerdict verdict = stage.Edge.OnMessage(Flooding, request);
                Assert.True(verdict is EdgeVerdict.Taken or EdgeVerdict.Throttled);
                served += verdict == EdgeVerdict.Taken ? 1 : 0;
            }

            for (int i = 0; i < 16; i++, honest += RepairMessages.MaxRangeBlocks)
            {
                Assert.Equal(EdgeVerdict.Taken, stage.Edge.OnMessage(Honest, RepairMessages.RangeRequest(new Height(honest + 1), RepairMessages.MaxRangeBlocks)));
            }

            Assert.Equal((seconds + 1) * RequestBudget.RequestsPerSecond, served);
            Assert.Equal(served, stage.Log.Count(line => line.StartsWith("repair", StringComparison.Ordinal) && line.EndsWith("to 1", StringComparison.Ordinal)));
            Assert.Equal((int)(honest / RepairMessages.MaxRangeBlocks), stage.Log.Count(line => line == "repair 4 to 2"));
        }
    }

    [Fact]
    public void A_peer_that_asks_for_much_is_throttled_by_the_bytes_it_gets()
    {
        LoopStage stage = Stage(heights: 8, bytes: 500_000);
        int Served()
        {
            int count = 0;
            while (stage.Edge.OnMessage(Flooding, RepairMessages.RangeRequest(new Height(1), RepairMessages.MaxRangeBlocks)) == EdgeVerdict.Taken)
            {
                count++;
            }

            return count;
        }

        // Ranges of a little over 2 MiB out of 64 MiB: the last may go into debt.
        Assert.InRange(Served(), 24, 34);
        stage.Now += TimeSpan.FromMilliseconds(500);
        Assert.InRange(Served(), 12, 18);
        Assert.Equal(EdgeVerdict.Taken, stage.Edge.OnMessage(Honest, RepairMessages.RangeRequest(new Height(1), RepairMessages.MaxRangeBlocks)));
    }

    private static LoopStage Stage(ulong heights, int bytes)
    {
        var stage = new LoopStage();
        stage.Begin();
        for (ulong height = 1; height <= heights; height++)
        {
            Payload payload = Payload.Of(stage.Chain, [.. Enumerable.Range(0, 1 + (bytes / 50_000)).Select(i => Run.WithoutSignature(stage.Chain, new byte[32], (100 * height) + (ulong)i, [new byte[Math.Min(bytes, 50_000)]]))]);
            var header = new BlockHeader(default, new Height(height), new View(height), default, payload.Root, default, default, 0);
            stage.Ledger.Append(new CommittedBlock(new Block(stage.Chain, header, payload, null), LoopStage.NoProof));
        }

        return stage;
    }
}
