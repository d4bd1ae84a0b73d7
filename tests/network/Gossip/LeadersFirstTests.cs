using Bft.Engine;

namespace Bft.Network.Tests.Gossip;

/// <summary>Without load the leaders get a run first, and the others only what is in no block soon.</summary>
public sealed class LeadersFirstTests
{
    private static readonly TimeSpan Soon = new Network.Gossip.GossipOptions { FirstSequence = 0 }.ShowOthersAfter;

    private static (int, int)[] Sent(GossipNetwork network) => [.. network.Sent.Select(sent => (sent.From, sent.To)).Order()];

    [Fact]
    public void What_a_block_brings_is_sent_to_the_leaders_alone()
    {
        using var network = new GossipNetwork(4) { Leaders = (new ReplicaId(1), new ReplicaId(3)) };
        Run run = network.RunOf(1, 1);
        network.All[2].Spread(run);
        network.Settle();
        network.Time.Advance(10 * Soon);
        network.Settle();

        Assert.Equal([(2, 1), (2, 3)], Sent(network));
        Assert.Equal([run.Digest], network.Pools[1].Runs);
        Assert.Equal([run.Digest], network.Pools[3].Runs);
    }

    [Fact]
    public void What_is_in_no_block_soon_is_sent_to_the_others_whatever_the_leader_does_with_it()
    {
        using var network = new GossipNetwork(4) { Leaders = (new ReplicaId(1), new ReplicaId(1)) };
        network.Silent.Add(1);
        Run[] runs = [network.RunOf(1, 1), network.RunOf(1, 3)];
        network.Pools[2].InNoBlock.UnionWith(runs.Select(run => run.Digest));
        network.All[2].Spread(runs[0]);
        network.All[2].Spread(runs[1]);
        network.Settle();
        network.Time.Advance(2 * Soon);
        network.Settle();

        Assert.Equal([(2, 0), (2, 1), (2, 1), (2, 3)], Sent(network));
        foreach (int other in new[] { 0, 3 })
        {
            Assert.Equal(runs.Select(run => run.Digest), network.Pools[other].Runs);
            Assert.Equal(0, network.All[other].Counts.Forged + network.All[other].Counts.Malformed + network.All[other].Counts.Conflicting);
        }
    }

    [Fact]
    public void The_leader_shows_its_own_clients_runs_to_nobody_who_gets_them_by_its_block()
    {
        using var network = new GossipNetwork(4) { Leaders = (new ReplicaId(2), new ReplicaId(2)) };
        Run carried = network.RunOf(1, 1), left = network.RunOf(1, 3);
        network.Pools[2].InNoBlock.Add(left.Digest);
        network.All[2].Spread(carried);
        network.All[2].Spread(left);
        Assert.Empty(network.Sent);

        network.Time.Advance(2 * Soon);
        network.Settle();

        Assert.Equal([(2, 0), (2, 1), (2, 3)], Sent(network));
        Assert.All(new[] { 0, 1, 3 }, other => Assert.Equal([left.Digest], network.Pools[other].Runs));
        Assert.Equal(1, network.All[2].Counts.Signed);
    }

    [Fact]
    public void A_change_of_leaders_leaves_nobody_out()
    {
        using var network = new GossipNetwork(4) { Leaders = (new ReplicaId(0), new ReplicaId(0)) };
        Run[] runs = [network.RunOf(1, 1), network.RunOf(1, 3)];
        network.Pools[2].InNoBlock.UnionWith(runs.Select(run => run.Digest));
        network.All[2].Spread(runs[0]);
        network.Leaders = (new ReplicaId(1), new ReplicaId(1));
        network.Time.Advance(TimeSpan.FromMilliseconds(5));
        network.All[2].Spread(runs[1]);
        network.Time.Advance(2 * Soon);
        network.Settle();

        Assert.All(new[] { 0, 1, 3 }, other => Assert.Equal(runs.Select(run => run.Digest).Order(), network.Pools[other].Runs.Order()));
    }

    [Theory]
    [InlineData("load")]
    [InlineData("nobody knows the leader")]
    [InlineData("f+1 validators check for all")]
    public void Everybody_gets_it_at_once_where_blocks_do_not_bring_it_soon(string because)
    {
        using var network = new GossipNetwork(4, options => because == "f+1 validators check for all" ? options with { Verifiers = 2 } : options);
        ReplicaId? known = because == "nobody knows the leader" ? null : new ReplicaId(1);
        network.Leaders = (known, known);
        network.Pools[2].Load = because == "load" ? 512 : null;
        network.All[2].Spread(network.RunOf(1, 1));

        Assert.Equal([(2, 0), (2, 1), (2, 3)], Sent(network));
    }

    [Fact]
    public void What_waits_too_long_goes_to_everybody_at_once_also_when_a_block_is_said_to_bring_it()
    {
        using var network = new GossipNetwork(4) { Leaders = (new ReplicaId(2), new ReplicaId(1)) };
        Run fresh = network.RunOf(1, 1), overdue = network.RunOf(1, 3), collected = network.RunOf(1, 5);
        network.All[2].Spread(fresh);
        network.All[2].SpreadToAll(overdue);
        network.All[2].Spread(collected);
        network.Time.Advance(2 * Soon);
        network.Settle();

        Assert.All(new[] { 0, 3 }, other => Assert.Equal([overdue.Digest, collected.Digest], network.Pools[other].Runs));
        Assert.Equal([fresh.Digest, overdue.Digest, collected.Digest], network.Pools[1].Runs);
    }

    [Fact]
    public void A_large_committee_relays_as_ever()
    {
        using var network = new GossipNetwork(16) { Leaders = (new ReplicaId(1), new ReplicaId(1)) };
        network.All[2].Spread(network.RunOf(1, 1));

        Assert.Equal(6, network.Sent.Count);
    }

    [Fact]
    public void What_does_not_fit_into_one_batch_goes_in_several()
    {
        using var network = new GossipNetwork(4) { Leaders = (new ReplicaId(1), new ReplicaId(1)) };
        Run[] runs = [.. Enumerable.Range(0, 5).Select(i => network.RunOf(1, (ulong)(1 + (2 * i)), bytes: 30_000))];
        network.Pools[2].InNoBlock.UnionWith(runs.Select(run => run.Digest));
        Array.ForEach(runs, network.All[2].Spread);
        network.Time.Advance(2 * Soon);
        network.Settle();

        Assert.Equal(runs.Select(run => run.Digest), network.Pools[0].Runs);
        Assert.All(network.Sent, sent => Assert.True(sent.Message.Length <= 70_000, $"{sent.Message.Length}"));
    }
}
