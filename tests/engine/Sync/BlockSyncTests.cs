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

    private readonly Chain _chain = new(HashFunction.Sha256.Hash([1]), "none", new Committee(4), HashFunction.Sha256);
    private readonly BlockSync _sync;
    private readonly List<(ReplicaId To, ulong First)> _asked = [];
    private readonly List<(ReplicaId To, RepairKind Kind)> _sent = [];

    public BlockSyncTests() => _sync = new BlockSync(new ReplicaPorts(
        _chain, new ReplicaId(0), null!, null!, null!, null!, null!, this, this, null!, null!, null!, null!));

    [Fact]
    public void Chunks_are_asked_of_several_peers_at_once_and_handed_on_in_order()
    {
        _sync.CatchUp(new Height(3 * Chunk), ReplicaSet.Empty, None, new Height(1_000_000), At(0));
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
        _sync.CatchUp(new Height(10), ReplicaSet.Of(2), None, new Height(1_000_000), At(0));
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
        _sync.CatchUp(new Height(10), ReplicaSet.Empty, None, new Height(1_000_000), At(0));
        ReplicaId first = _asked[0].To;
        _sync.Tick(None, _sync.NextDeadline!.Value - At(1));
        Assert.Single(_asked);
        _sync.Tick(None, _sync.NextDeadline!.Value);
        Assert.Equal(2, _asked.Count);
        Assert.NotEqual(first, _asked[1].To);
        // Too late: it was asked of another.
        Assert.Empty(Answer((first, 1), 10));
        Assert.Equal(10, Answer(_asked[1], 10).Count);
    }

    [Fact]
    public void An_empty_answer_is_asked_of_another_soon_and_the_peer_is_believed_no_higher()
    {
        _sync.CatchUp(new Height(10), ReplicaSet.Empty, None, new Height(1_000_000), At(0));
        ReplicaId empty = _asked[0].To;
        Assert.Empty(Answer(_asked[0], 0));
        Assert.Equal(None, _sync.HeadOf(empty));
        _sync.Tick(None, At(500));
        Assert.NotEqual(empty, _asked[^1].To);
        Assert.Equal(10, Answer(_asked[^1], 10).Count);
    }

    [Fact]
    public void While_the_first_chunk_does_not_come_the_later_ones_fill_a_bounded_memory()
    {
        _sync.CatchUp(new Height(1000 * Chunk), ReplicaSet.Empty, None, new Height(1_000_000), At(0));
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
        _sync.CatchUp(new Height(1000 * Chunk), ReplicaSet.Empty, None, new Height(1_000_000), At(0));
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
        _sync.CatchUp(new Height(100), ReplicaSet.Empty, None, new Height(1_000_000), At(0));
        ulong committed = 0;
        for (int round = 0; committed < 100 && round < 200; round++)
        {
            IReadOnlyList<CommittedBlock> next = Answer(_asked[^1], 7, new Height(committed));
            committed = next.Count > 0 ? next[^1].Block.Height.Value : committed;
            _sync.Tick(new Height(committed), At(round));
        }

        Assert.True(committed >= 100, $"stuck at {committed}");
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

    private IReadOnlyList<CommittedBlock> Answer((ReplicaId To, ulong First) asked, int count, Height committed = default) =>
        _sync.Take(new RangeArrived(asked.To, new Height(asked.First), [.. Enumerable.Range(0, count).Select(i => At(asked.First + (ulong)i))]), committed, new Height(1_000_000), At(1));

    private CommittedBlock At(ulong height) => new(Block.Null(_chain, new Height(height)), new CommitProof(null, []));

    private static TimeSpan At(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
