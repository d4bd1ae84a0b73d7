using Bft.Crypto;
using Bft.Engine.Encoding;
using Bft.Engine.Sync;
using Bft.Engine.Transport;

namespace Bft.Engine.Tests.Sync;

/// <summary>Fetching what is missed, with peers that are slow, empty-handed or never answer.</summary>
public class BlockSyncTests : ITransport, IMeter
{
    private const int Chunk = RepairMessages.MaxRangeBlocks;

    private static readonly Height None = new(0);
    private static readonly Height Executed = new(1_000_000);

    private readonly Chain _chain = new(HashFunction.Sha256.Hash([1]), "none", new Committee(4), HashFunction.Sha256);
    private readonly List<(ReplicaId To, ulong First)> _asked = [];
    private readonly List<int> _counts = [];
    private readonly List<(ReplicaId To, RepairKind Kind)> _sent = [];

    private BlockSync _sync;

    public BlockSyncTests() => _sync = Sync(null);

    [Fact]
    public void Chunks_are_asked_of_several_peers_at_once_and_handed_on_in_order()
    {
        _sync.CatchUp(new Height(3 * Chunk), ReplicaSet.Empty, None, Executed, At(0));
        Assert.Equal([1UL, Chunk + 1, (2 * Chunk) + 1], _asked.Select(ask => ask.First));
        Assert.Equal(3, _asked.Select(ask => ask.To).Distinct().Count());
        (ReplicaId To, ulong First)[] asked = [.. _asked];
        Assert.Empty(Answer(asked[2], Chunk));
        Assert.Empty(Answer(asked[1], Chunk));
        Assert.Equal(Enumerable.Range(1, 3 * Chunk).Select(height => (ulong)height), Answer(asked[0], Chunk).Select(block => block.Block.Height.Value));
    }

    [Fact]
    public void Only_the_peer_that_was_asked_can_answer_and_only_once()
    {
        _sync.CatchUp(new Height(10), ReplicaSet.Of(2), None, Executed, At(0));
        (ReplicaId To, ulong First) asked = Assert.Single(_asked);
        Assert.Equal(new ReplicaId(2), asked.To);
        Assert.Empty(Answer((new ReplicaId(1), 1), 10));
        Assert.Empty(Answer((new ReplicaId(2), 2), 9));
        Assert.Equal(10, Answer(asked, 10).Count);
        Assert.Empty(Answer(asked, 10));
    }

    [Fact]
    public void A_peer_that_does_not_answer_is_passed_over_when_its_time_is_up()
    {
        _sync.CatchUp(new Height(10), ReplicaSet.Empty, None, Executed, At(0));
        ReplicaId first = _asked[0].To;
        _sync.Tick(None, Executed, _sync.NextDeadline!.Value - At(1));
        Assert.Single(_asked);
        _sync.Tick(None, Executed, _sync.NextDeadline!.Value);
        Assert.Equal(2, _asked.Count);
        Assert.NotEqual(first, _asked[1].To);
        // Too late: it was asked of another.
        Assert.Empty(Answer((first, 1), 10));
        Assert.Equal(10, Answer(_asked[1], 10).Count);
    }

    [Fact]
    public void An_empty_answer_is_asked_of_another_soon_and_the_peer_is_believed_no_higher()
    {
        _sync.CatchUp(new Height(10), ReplicaSet.Empty, None, Executed, At(0));
        ReplicaId empty = _asked[0].To;
        Assert.Empty(Answer(_asked[0], 0));
        Assert.Equal(None, _sync.HeadOf(empty));
        _sync.Tick(None, Executed, At(500));
        Assert.NotEqual(empty, _asked[^1].To);
        Assert.Equal(10, Answer(_asked[^1], 10).Count);
    }

    [Fact]
    public void While_the_first_chunk_does_not_come_the_later_ones_fill_a_bounded_memory()
    {
        _sync.CatchUp(new Height(1000 * Chunk), ReplicaSet.Empty, None, Executed, At(0));
        int taken = 0;
        for (int i = 0; i < _asked.Count && taken < 500; i++)
        {
            if (_asked[i].First != 1)
            {
                Assert.Empty(Answer(_asked[i], Chunk));
                taken++;
            }
        }

        Assert.InRange(taken, 3, 16);
        // It comes: all that waited is handed on, and the rest is asked for.
        int before = _asked.Count;
        Assert.Equal((taken + 1) * Chunk, Answer(_asked[0], Chunk).Count);
        Assert.True(_asked.Count > before);
    }

    [Fact]
    public void A_small_first_chunk_leaves_a_gap_that_is_asked_for_although_the_memory_is_full()
    {
        _sync.CatchUp(new Height(1000 * Chunk), ReplicaSet.Empty, None, Executed, At(0));
        for (int i = 1; i < _asked.Count; i++)
        {
            Answer(_asked[i], Chunk);
        }

        Assert.Equal(7, Answer(_asked[0], 7).Count);
        Assert.Equal(8UL, _asked[^1].First);
    }

    [Fact]
    public void A_peer_that_sends_small_chunks_is_asked_for_the_rest()
    {
        _sync.CatchUp(new Height(100), ReplicaSet.Empty, None, Executed, At(0));
        ulong committed = 0;
        for (int round = 0; committed < 100 && round < 200; round++)
        {
            IReadOnlyList<CommittedBlock> next = Answer(_asked[^1], 7, new Height(committed));
            committed = next.Count > 0 ? next[^1].Block.Height.Value : committed;
            _sync.Tick(new Height(committed), Executed, At(round));
        }

        Assert.True(committed >= 100, $"stuck at {committed}");
    }

    [Theory]
    [InlineData(16)]
    [InlineData(400)]
    [InlineData(4_000)]
    public void With_a_pace_the_distance_shrinks_by_so_many_blocks_a_second_after_a_first_burst_however_fast_the_chain_grows(int pace)
    {
        const int Seconds = 20, GrowthAMillisecond = 2;
        _sync = Sync(pace);
        ulong committed = 0, head = 10_000_000;
        int served = 0;
        for (int now = 0; now < Seconds * 1000; now++, head += GrowthAMillisecond)
        {
            _sync.CatchUp(new Height(head), ReplicaSet.Empty, new Height(committed), Executed, At(now));
            _sync.Tick(new Height(committed), Executed, At(now));
            for (; served < _asked.Count; served++)
            {
                // Nobody is asked for more than the pace's chunk, and whoever has fewer is not charged for what did not come.
                IReadOnlyList<CommittedBlock> next = Answer(_asked[served], served % 2 == 0 ? Math.Min(pace / 16, Chunk) : 5, new Height(committed), now);
                committed = next.Count > 0 ? next[^1].Block.Height.Value : committed;
            }
        }

        double drawnNearer = committed - (double)(Seconds * 1000 * GrowthAMillisecond);
        Assert.InRange(drawnNearer, (pace * (Seconds - 1.0)) - Chunk, (pace * Seconds) + CatchUpPace.Burst + Chunk);
        Assert.All(_counts, count => Assert.Equal(Math.Clamp(pace / 16, 16, Chunk), count));
    }

    [Fact]
    public void Without_a_pace_nothing_is_held_back()
    {
        _sync.CatchUp(new Height(100 * Chunk), ReplicaSet.Empty, None, Executed, At(0));
        for (int i = 0; i < _asked.Count; i++)
        {
            ulong before = _asked[i].First - 1;
            Answer(_asked[i], Chunk, new Height(before), 0);
        }

        Assert.Equal(100, _asked.Count);
        Assert.All(_counts, count => Assert.Equal(Chunk, count));
    }

    [Fact]
    public void A_short_absence_is_made_up_at_once_whatever_the_pace()
    {
        _sync = Sync(16);
        _sync.CatchUp(new Height(CatchUpPace.Burst), ReplicaSet.Empty, None, Executed, At(0));
        for (int i = 0; i < _asked.Count; i++)
        {
            Answer(_asked[i], 16, new Height(_asked[i].First - 1), 0);
        }

        Assert.Equal(CatchUpPace.Burst / 16, _asked.Count);
    }

    [Fact]
    public void When_the_pace_holds_everything_back_the_loop_is_told_when_to_come_again()
    {
        A_short_absence_is_made_up_at_once_whatever_the_pace();
        int before = _asked.Count;
        var committed = new Height(CatchUpPace.Burst);
        _sync.CatchUp(new Height(CatchUpPace.Burst + 100), ReplicaSet.Empty, committed, Executed, At(0));

        // A hundred blocks were made meanwhile: they are free. The rest of a chunk is waited for.
        Assert.Equal(before + 4, _asked.Count);
        for (int i = before; i < before + 4; i++)
        {
            Answer(_asked[i], 16, new Height(_asked[i].First - 1), 0);
        }

        before = _asked.Count;
        committed = new Height(_asked[^1].First + 15);
        TimeSpan due = _sync.NextDeadline!.Value;
        Assert.InRange(due, At(1), At(1002));
        _sync.Tick(committed, Executed, due - At(2));
        Assert.Equal(before, _asked.Count);
        _sync.Tick(committed, Executed, due);
        Assert.Equal(before + 1, _asked.Count);
    }

    [Fact]
    public void A_block_is_asked_of_two_holders_and_a_bad_copy_keeps_no_good_one_out()
    {
        Digest digest = HashFunction.Sha256.Hash([9]);
        Assert.False(_sync.Expects(digest, At(0)));
        _sync.RequestBlock(digest, ReplicaSet.Of(0, 1, 2, 3), At(0));
        Assert.Equal(2, _sent.Count(sent => sent.Kind == RepairKind.BlockRequest));
        Assert.DoesNotContain(_sent, sent => sent.To.Value == 0);
        Assert.True(_sync.Expects(digest, At(0)));

        // The digest does not cover the certificate inside: the first copy may be a traitor's.
        Assert.True(_sync.Expects(digest, At(0)));
    }

    [Fact]
    public void The_number_of_expected_blocks_is_bounded_and_those_that_never_came_make_room()
    {
        for (byte i = 0; i < 200; i++)
        {
            _sync.RequestBlock(HashFunction.Sha256.Hash([i]), ReplicaSet.Empty, At(0));
        }

        Assert.Equal(64, Enumerable.Range(0, 200).Count(i => _sync.Expects(HashFunction.Sha256.Hash([(byte)i]), At(0))));
        for (byte i = 0; i < 200; i++)
        {
            _sync.RequestBlock(HashFunction.Sha256.Hash([i]), ReplicaSet.Empty, At(0));
        }

        _sync.RequestBlock(HashFunction.Sha256.Hash([201]), ReplicaSet.Empty, At(60_000));
        Assert.True(_sync.Expects(HashFunction.Sha256.Hash([201]), At(60_000)));
    }

    void ITransport.Send(ReplicaId to, TrafficClass traffic, ReadOnlyMemory<byte> message)
    {
        var reader = new CanonicalReader(message[1..]);
        var kind = (RepairKind)reader.Byte();
        _sent.Add((to, kind));
        if (kind == RepairKind.RangeRequest)
        {
            _asked.Add((to, reader.UInt64()));
            _counts.Add(reader.UInt16());
        }
    }

    void IMeter.Sent(TrafficClass traffic, byte kind, Phase phase, int bytes, int authenticators)
    {
    }

    void IMeter.Signed(int signatures)
    {
    }

    void IMeter.Verified(int signatures)
    {
    }

    private IReadOnlyList<CommittedBlock> Answer((ReplicaId To, ulong First) asked, int count, Height committed = default, int now = 1) =>
        _sync.Take(new RangeArrived(asked.To, new Height(asked.First), [.. Enumerable.Range(0, count).Select(i => At(asked.First + (ulong)i))]), committed, Executed, At(now));

    private BlockSync Sync(int? pace) => new(new ReplicaPorts(
        _chain, new ReplicaId(0), null!, null!, null!, null!, null!, this, this, null!, null!, null!, null!)
    {
        CatchUpBlocksPerSecond = pace,
    });

    private CommittedBlock At(ulong height) => new(Block.Null(_chain, new Height(height)), new CommitProof(null, []));

    private static TimeSpan At(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
