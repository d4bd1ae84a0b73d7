using Bft.Engine.Shared;
using Bft.Simulation;

namespace Bft.Engine.Tests.Shared;

public class TenureElectionTests
{
    private const ulong Seed = 13;

    public static TheoryData<int, ulong, ulong> Shapes => new()
    {
        { 4, 4, 64 }, { 4, 4, 4096 }, { 5, 4, 16 }, { 7, 4, 100 }, { 7, 5, 7 }, { 10, 4, 333 }, { 1, 4, 8 }, { 4, 1, 32 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Folding_from_the_era_s_start_gives_what_folding_from_genesis_gave(int n, ulong tenure, ulong era)
    {
        var election = new TenureElection(new Committee(n), tenure, era);
        List<(BlockHeader Header, Standing Standing)> chain = Grow(n, election, 400);
        for (int tip = 0; tip < chain.Count; tip += 7)
        {
            int start = (int)election.FoldStart(chain[tip].Header.Height).Value;
            Assert.True(start <= tip);
            Standing standing = election.Begin(chain[start].Header);
            for (int i = start + 1; i <= tip; i++)
            {
                standing = election.After(standing, chain[i - 1].Header, chain[i].Header);
            }

            Assert.True(Equal(chain[tip].Standing, standing), $"seed {Seed}, height {tip} of eras of {era}");
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void At_most_f_are_passed_over_and_there_is_always_a_leader(int n, ulong tenure, ulong era)
    {
        var committee = new Committee(n);
        var election = new TenureElection(committee, tenure, era);
        foreach ((BlockHeader header, Standing standing) in Grow(n, election, 400))
        {
            Assert.True(standing.Latest.Count <= committee.FaultBound && standing.AtStart.Count <= committee.FaultBound);
            Assert.Equal(standing.Latest.ToArray(), standing.Order.Order());
            for (ulong ahead = 1; ahead <= 3 * tenure; ahead++)
            {
                ReplicaId leader = election.Leader(new View(header.View.Value + ahead), standing);
                Assert.True(committee.Contains(leader));
                ReplicaSet passedOver = (header.View.Value + ahead + tenure - 1) / tenure == standing.Tenure ? standing.AtStart : standing.Latest;
                Assert.False(passedOver.Contains(leader));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_timeout_leads_to_the_next_tenure_s_first_view(int n, ulong tenure, ulong era)
    {
        var election = new TenureElection(new Committee(n), tenure, era);
        Standing fresh = Standing.Fresh;
        for (ulong view = 1; view <= 50 * tenure; view++)
        {
            View after = election.AfterTimeout(new View(view));
            Assert.True(after.Value > view && after.Value <= view + tenure);
            Assert.Equal(1UL, after.Value % tenure == 0 && tenure == 1 ? 1 : after.Value % tenure == 0 ? 0 : after.Value % tenure);
            Assert.Equal(n == 1, election.Leader(new View(view), fresh) == election.Leader(after, fresh));
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_tenure_has_one_leader_whatever_is_learned_during_it_and_though_an_era_begins_in_it(int n, ulong tenure, ulong era)
    {
        var election = new TenureElection(new Committee(n), tenure, era);
        foreach ((BlockHeader header, Standing standing) in Grow(n, election, 400))
        {
            for (ulong view = header.View.Value; (view + tenure - 1) / tenure == standing.Tenure; view++)
            {
                Assert.True(election.Leader(new View(view), standing) == header.Proposer, $"seed {Seed}, height {header.Height}, view {view}");
            }
        }
    }

    [Fact]
    public void An_era_that_begins_within_a_tenure_costs_the_chain_no_view()
    {
        // Replica 2 is dead and passed over. Everybody else does its duty: its one lost tenure an era is all that is ever skipped.
        var election = new TenureElection(new Committee(4), tenureViews: 4, eraHeights: 65);
        BlockHeader header = Header(0, 0, 0);
        Standing standing = election.Begin(header);
        int lost = 0;
        int inTenure = 0;
        for (ulong height = 1, view = 1; height <= 10 * 65; height++, view++)
        {
            ReplicaId leader = election.Leader(new View(view), standing);
            while (leader.Value == 2)
            {
                lost++;
                inTenure += view % 4 == 1 ? 0 : 1;
                view = election.AfterTimeout(new View(view)).Value;
                leader = election.Leader(new View(view), standing);
            }

            BlockHeader next = Header(height, view, leader.Value);
            standing = election.After(standing, header, next);
            header = next;
        }

        Assert.Equal(0, inTenure);
        Assert.InRange(lost, 9, 11);
    }

    [Fact]
    public void Whoever_lets_its_tenure_lapse_is_passed_over_until_the_era_ends_and_then_gets_another_chance()
    {
        var election = new TenureElection(new Committee(4), tenureViews: 4, eraHeights: 64);
        BlockHeader header = Header(0, 0, 0);
        Standing standing = election.Begin(header);
        var lost = new Dictionary<ulong, int>();
        ulong view = 1;
        for (ulong height = 1; height <= 256; height++)
        {
            while (election.Leader(new View(view), standing).Value == 2)
            {
                // Replica 2 is dead: its tenure ends by a timeout.
                ulong era = height / 64;
                lost[era] = lost.GetValueOrDefault(era) + 1;
                view = election.AfterTimeout(new View(view)).Value;
            }

            BlockHeader next = Header(height, view, election.Leader(new View(view), standing).Value);
            standing = election.After(standing, header, next);
            header = next;
            view++;
        }

        Assert.All(lost.Values, count => Assert.Equal(1, count));
        Assert.True(lost.Count >= 4);
    }

    [Fact]
    public void A_tenure_whose_last_block_only_lacks_its_certificate_is_no_failure()
    {
        var election = new TenureElection(new Committee(4));
        BlockHeader first = Header(1, 1, 1);
        Standing standing = election.After(Standing.Fresh, Header(0, 0, 0), first);
        // Views 1 to 3 are on the chain; view 4's votes went to the next leader, who did not show a certificate.
        BlockHeader third = Header(3, 3, 1);
        standing = election.After(standing, first, Header(2, 2, 1));
        standing = election.After(standing, Header(2, 2, 1), third);
        Assert.Equal(ReplicaSet.Empty, election.After(standing, third, Header(4, 5, 2)).Latest);
        // Without view 3 it is one.
        Assert.Equal(ReplicaSet.Of(1), election.After(election.After(Standing.Fresh, Header(0, 0, 0), first), first, Header(2, 5, 2)).Latest);
    }

    [Fact]
    public void Unknown_names_are_refused_with_the_known_ones() =>
        Assert.Contains("round-robin", Assert.Throws<ArgumentException>(() => TenureElection.Create("lottery", new Committee(4))).Message, StringComparison.Ordinal);

    // A chain of random successes and failures: each block's proposer is the elected leader of its view.
    private static List<(BlockHeader Header, Standing Standing)> Grow(int n, TenureElection election, ulong heights)
    {
        var random = new Randomness(Seed);
        BlockHeader header = Header(0, 0, 0);
        List<(BlockHeader, Standing)> chain = [(header, election.Begin(header))];
        ulong view = 0;
        for (ulong height = 1; height <= heights; height++)
        {
            view++;
            while (n > 1 && random.Chance(150_000))
            {
                view = election.AfterTimeout(new View(view)).Value + (ulong)random.Below(2);
            }

            Standing standing = chain[^1].Item2;
            BlockHeader next = Header(height, view, election.Leader(new View(view), standing).Value);
            chain.Add((next, election.After(standing, header, next)));
            header = next;
        }

        return chain;
    }

    private static bool Equal(Standing left, Standing right) =>
        left.Tenure == right.Tenure && left.AtStart == right.AtStart && left.Latest == right.Latest && left.Order.SequenceEqual(right.Order);

    private static BlockHeader Header(ulong height, ulong view, int proposer) =>
        new(default, new Height(height), new View(view), default, default, default, new ReplicaId(proposer), 0);
}
