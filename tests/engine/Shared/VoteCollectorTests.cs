using Bft.Engine.Shared;
using Bft.Simulation;

namespace Bft.Engine.Tests.Shared;

public class VoteCollectorTests
{
    private const ulong Seed = 11;

    private readonly VoteCollector _collector = new(new Committee(4));

    [Fact]
    public void A_quorum_is_given_once_and_later_votes_change_nothing()
    {
        Assert.Equal(default, _collector.Add(VoteOf(0)));
        Assert.Equal(default, _collector.Add(VoteOf(1)));
        Assert.Equal([0, 1, 2], _collector.Add(VoteOf(2)).Quorum.Select(vote => vote.Signer.Value).Order());
        Assert.Equal(default, _collector.Add(VoteOf(3)));
        Assert.Equal(default, _collector.Add(VoteOf(2)));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    [InlineData(65535)]
    public void Strangers_do_not_count(int signer)
    {
        _collector.Add(VoteOf(0));
        _collector.Add(VoteOf(1));
        Assert.Equal(default, _collector.Add(VoteOf(signer)));
    }

    [Fact]
    public void A_contradiction_is_evidence_once_and_the_first_vote_stays()
    {
        Vote first = VoteOf(3);
        Vote second = VoteOf(3, subject: 2);
        _collector.Add(first);
        Assert.Equal(new Evidence(first, second), _collector.Add(second).Evidence);
        Assert.Null(_collector.Add(second).Evidence);
        Assert.Null(_collector.Add(first).Evidence);
        _collector.Add(VoteOf(0));
        Assert.Contains(_collector.Add(VoteOf(1)).Quorum, vote => vote == first);
        // What it said second never joins a quorum.
        var other = new VoteCollector(new Committee(4));
        other.Add(first);
        other.Add(second);
        other.Add(VoteOf(0, subject: 2));
        Assert.True(other.Add(VoteOf(1, subject: 2)).Quorum.IsDefaultOrEmpty);
        Assert.False(other.Add(VoteOf(2, subject: 2)).Quorum.IsDefaultOrEmpty);
    }

    [Fact]
    public void Votes_of_another_view_slot_kind_or_subject_are_counted_apart()
    {
        Vote[] votes = [VoteOf(0), VoteOf(1, view: 6), VoteOf(2, slot: 2), VoteOf(3, kind: StatementKind.Prepare), VoteOf(1, subject: 2)];
        Assert.All(votes, vote => Assert.True(_collector.Add(vote).Quorum.IsDefaultOrEmpty));
        Assert.True(_collector.Add(VoteOf(1)).Quorum.IsDefaultOrEmpty);
    }

    [Fact]
    public void A_flood_evicts_the_flooder_s_lowest_votes_and_no_one_else_s()
    {
        _collector.Add(VoteOf(0));
        _collector.Add(VoteOf(1));
        for (ulong view = 6; view < 1000; view++)
        {
            Assert.Equal(default, _collector.Add(VoteOf(3, view: view)));
        }

        // Votes below all that are kept of it are not taken any more, so its vote of view 5 is lost; an honest one completes the quorum.
        Assert.Equal(default, _collector.Add(VoteOf(3)));
        Assert.Equal([0, 1, 2], _collector.Add(VoteOf(2)).Quorum.Select(vote => vote.Signer.Value).Order());
        // Its latest votes are still there.
        _collector.Add(VoteOf(0, view: 999));
        Assert.False(_collector.Add(VoteOf(1, view: 999)).Quorum.IsDefaultOrEmpty);
    }

    [Fact]
    public void What_is_forgotten_can_be_counted_anew_and_the_rest_stays()
    {
        _collector.Add(VoteOf(0));
        _collector.Add(VoteOf(0, view: 9));
        _collector.Add(VoteOf(1, view: 9));
        _collector.ForgetBelow(new View(9));
        Assert.Equal(default, _collector.Add(VoteOf(0)));
        Assert.False(_collector.Add(VoteOf(2, view: 9)).Quorum.IsDefaultOrEmpty);
    }

    [Fact]
    public void In_any_order_a_quorum_is_reported_exactly_when_a_quorum_of_distinct_signers_agrees()
    {
        var random = new Randomness(Seed);
        for (int round = 0; round < 500; round++)
        {
            int n = 1 + random.Below(10);
            var committee = new Committee(n);
            var collector = new VoteCollector(committee);
            Dictionary<int, byte> firsts = [];
            HashSet<byte> reported = [];
            HashSet<int> accused = [];
            for (int i = 0; i < 4 * n; i++)
            {
                int signer = random.Below(n);
                byte subject = (byte)(1 + random.Below(2));
                Collected collected = collector.Add(VoteOf(signer, subject: subject));
                bool contradicts = firsts.TryGetValue(signer, out byte before) && before != subject && accused.Add(signer);
                firsts.TryAdd(signer, subject);
                Assert.Equal(contradicts, collected.Evidence is not null);
                bool quorum = firsts.Count(first => first.Value == subject) >= committee.QuorumSize;
                if (!collected.Quorum.IsDefaultOrEmpty)
                {
                    Assert.True(quorum && reported.Add(subject), $"seed {Seed}, round {round}");
                    Assert.Equal(collected.Quorum.Length, collected.Quorum.Select(vote => vote.Signer).Distinct().Count());
                    Assert.All(collected.Quorum, vote => Assert.Equal(subject, firsts[vote.Signer.Value]));
                }

                Assert.True(!quorum || reported.Contains(subject), $"seed {Seed}, round {round}: a quorum went unreported");
            }
        }
    }

    private static Vote VoteOf(int signer, ulong view = 5, ulong slot = 1, byte subject = 1, StatementKind kind = StatementKind.Vote) =>
        new(new Statement(kind, default, new View(view), new Height(slot), Crypto.HashFunction.Sha256.Hash([subject])), new ReplicaId(signer), new byte[] { (byte)signer, subject });
}
