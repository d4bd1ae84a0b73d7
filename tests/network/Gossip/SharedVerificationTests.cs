using Bft.Engine;
using Bft.Network.Gossip;

namespace Bft.Network.Tests.Gossip;

/// <summary>f+1 validators check client signatures for all: in a committee of four the origin and the next on the circle.</summary>
public sealed class SharedVerificationTests
{
    private static readonly GossipOptions Defaults = new() { FirstSequence = 0 };
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private static GossipNetwork Four(Func<Run, bool>? isSigned = null) => new(4, options => options with { Verifiers = 2 }, isSigned);

    [Fact]
    public void The_next_after_the_origin_checks_and_the_others_take_its_word()
    {
        using GossipNetwork network = Four();
        Run run = network.RunOf(1, 1);
        network.All[3].Spread(run);
        network.Settle();

        Assert.Equal([(0, run.Digest)], network.Checked);
        Assert.Equal([1, 2], network.Trusted.Select(trusted => trusted.Validator).Order());
        Assert.All(new[] { 0, 1, 2 }, other => Assert.Equal([run.Digest], network.Pools[other].Runs));
        Assert.Equal((1, 0), (network.All[0].Counts.Attested, network.All[0].Counts.Trusted));
        Assert.Equal((0, 1), (network.All[1].Counts.Attested, network.All[1].Counts.Trusted));

        // The batch to three, the attestation to all but its author.
        Assert.Equal([(0, 1), (0, 2), (0, 3), (3, 0), (3, 1), (3, 2)], network.Sent.Select(sent => (sent.From, sent.To)).Order());
        network.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, network.Time.Armed);
    }

    [Fact]
    public void The_origin_proposes_what_is_vouched_for()
    {
        using GossipNetwork network = Four();
        Run run = network.RunOf(1, 1);
        Assert.Equal(Defaults.AttestationLimit, network.All[3].UnattestedFor);
        network.All[3].Spread(run);
        Assert.Empty(network.Pools[3].AttestedRuns.All);
        network.Settle();
        Assert.Equal([run.Digest], network.Pools[3].AttestedRuns.All);
        Assert.DoesNotContain(network.Trusted, trusted => trusted.Validator == 3);
    }

    [Fact]
    public void The_origin_proposes_after_the_deadline_what_nobody_vouched_for()
    {
        using GossipNetwork network = Four();
        network.Silent.Add(0);
        Run run = network.RunOf(1, 1);
        network.All[3].Spread(run);
        network.Settle();
        network.Time.Advance(Defaults.AttestationDeadline - Moment);
        Assert.Empty(network.Pools[3].AttestedRuns.All);
        network.Time.Advance(Moment);
        Assert.Equal([run.Digest], network.Pools[3].AttestedRuns.All);
        Assert.DoesNotContain(network.Checked, check => check.Validator == 3);
    }

    [Fact]
    public void Where_all_check_all_nothing_waits_to_be_proposed()
    {
        using var network = new GossipNetwork(4);
        Assert.Null(network.All[3].UnattestedFor);
    }

    [Fact]
    public void An_attestation_that_comes_before_its_batch_counts()
    {
        using GossipNetwork network = Four();
        byte[] batch = network.BatchOf(3, 1, network.RunOf(1, 1));
        network.All[0].OnMessage(new ReplicaId(3), batch);
        byte[] attestation = network.Sent.Single(sent => sent.To == 1).Message;
        network.All[1].OnMessage(new ReplicaId(0), attestation);
        Assert.Empty(network.Pools[1].Runs);
        network.All[1].OnMessage(new ReplicaId(3), batch);
        Assert.Equal([network.RunOf(1, 1).Digest], network.Pools[1].Runs);
        Assert.DoesNotContain(network.Checked, check => check.Validator == 1);
    }

    [Fact]
    public void Nobody_but_f_others_than_the_origin_makes_a_batch_believed()
    {
        using var network = new GossipNetwork(7, options => options with { Verifiers = 3 });
        byte[] batch = network.BatchOf(0, 1, network.RunOf(1, 1));
        network.All[1].OnMessage(new ReplicaId(0), batch);
        byte[] attestation = network.Sent.First(sent => sent.From == 1).Message;
        network.All[6].OnMessage(new ReplicaId(0), batch);

        // The origin's own word, one's word twice, a word about other content or another batch: none of them is a second voice.
        network.All[6].OnMessage(new ReplicaId(1), attestation);
        network.All[6].OnMessage(new ReplicaId(1), attestation);
        network.All[6].OnMessage(new ReplicaId(0), attestation);
        byte[] otherContent = [.. attestation];
        otherContent[^1] ^= 1;
        network.All[6].OnMessage(new ReplicaId(2), otherContent);
        byte[] otherSequence = [.. attestation];
        otherSequence[4]++;
        network.All[6].OnMessage(new ReplicaId(2), otherSequence);
        Assert.Empty(network.Pools[6].Runs);
        Assert.Empty(network.Trusted);

        network.All[6].OnMessage(new ReplicaId(2), attestation);
        Assert.Equal([network.RunOf(1, 1).Digest], network.Pools[6].Runs);
        Assert.DoesNotContain(network.Checked, check => check.Validator == 6);
    }

    [Fact]
    public void A_batch_that_nobody_vouches_for_is_checked_when_the_time_is_up()
    {
        using GossipNetwork network = Four();
        network.Silent.Add(0);
        Run run = network.RunOf(1, 1);
        network.All[3].Spread(run);
        network.Settle();
        Assert.Empty(network.Pools[1].Runs);

        network.Time.Advance(Defaults.AttestationDeadline - Moment);
        Assert.Empty(network.Pools[1].Runs);
        network.Time.Advance(Moment);
        Assert.All(new[] { 1, 2 }, other => Assert.Equal([run.Digest], network.Pools[other].Runs));
        Assert.Equal([1, 2], network.Checked.Select(check => check.Validator).Order());
        Assert.Equal(1, network.All[1].Counts.Unattested);
        Assert.Empty(network.Trusted);
    }

    [Fact]
    public void One_that_has_much_to_check_is_waited_for_while_it_is_heard_of_but_not_for_ever()
    {
        using GossipNetwork network = Four();
        byte[] first = network.BatchOf(3, 1, network.RunOf(1, 1));
        network.All[1].OnMessage(new ReplicaId(3), first);
        TimeSpan step = Defaults.AttestationDeadline * 0.8;
        for (ulong sequence = 2; sequence < 30; sequence++)
        {
            network.Time.Advance(step);
            Vouch(network, by: 0, to: 1, network.BatchOf(2, sequence, network.RunOf(2, sequence)));
            Assert.Equal(step * (sequence - 1) < Defaults.AttestationLimit ? 0 : 1, network.Pools[1].Runs.Length);
        }

        Assert.Equal([(1, network.RunOf(1, 1).Digest)], network.Checked);
    }

    [Fact]
    public void One_that_vouched_for_a_later_batch_of_the_origin_is_not_waited_for()
    {
        using GossipNetwork network = Four();
        Run left = network.RunOf(1, 1);
        network.All[1].OnMessage(new ReplicaId(3), network.BatchOf(3, 1, left));
        network.Time.Advance(Defaults.AttestationDeadline * 0.8);
        Vouch(network, by: 0, to: 1, network.BatchOf(3, 2, network.RunOf(1, 2)));
        network.Time.Advance(Defaults.AttestationDeadline * 0.2);
        Assert.Equal([left.Digest], network.Pools[1].Runs);

        // The same, but what it vouched for meanwhile was earlier: it is still at work.
        Run pending = network.RunOf(1, 4);
        network.All[1].OnMessage(new ReplicaId(3), network.BatchOf(3, 4, pending));
        network.Time.Advance(Defaults.AttestationDeadline * 0.8);
        Vouch(network, by: 0, to: 1, network.BatchOf(3, 3, network.RunOf(1, 3)));
        network.Time.Advance(Defaults.AttestationDeadline * 0.2);
        Assert.DoesNotContain(pending.Digest, network.Pools[1].Runs);
    }

    [Fact]
    public void Whom_one_origins_batches_wait_for_keeps_back_no_others()
    {
        using var network = new GossipNetwork(7, options => options with { Verifiers = 3 });
        Run waits = network.RunOf(1, 1), overdue = network.RunOf(2, 1);
        network.All[6].OnMessage(new ReplicaId(0), network.BatchOf(0, 7, waits));
        network.All[6].OnMessage(new ReplicaId(3), network.BatchOf(3, 1, overdue));
        network.Time.Advance(Defaults.AttestationDeadline * 0.8);
        byte[] earlier = network.BatchOf(0, 6, network.RunOf(1, 2));
        Vouch(network, by: 1, to: 6, earlier);
        Vouch(network, by: 2, to: 6, earlier);
        network.Time.Advance(Defaults.AttestationDeadline * 0.2);
        Assert.Equal([overdue.Digest], network.Pools[6].Runs);
    }

    [Fact]
    public void Whoever_checks_tells_the_others_before_it_can_propose_what_it_checked()
    {
        using GossipNetwork network = Four();
        int? told = null;
        network.Pools[0].Offering = () => told ??= network.Sent.Count(sent => sent.From == 0);
        network.All[3].Spread(network.RunOf(1, 1));
        network.Settle();
        Assert.Equal(3, told);
    }

    [Fact]
    public void One_that_leaves_out_every_second_batch_is_not_waited_for()
    {
        using GossipNetwork network = Four();
        for (ulong sequence = 1; sequence <= 12; sequence++)
        {
            network.Silent.Clear();
            if (sequence % 2 == 1)
            {
                network.Silent.Add(0);
            }

            network.All[3].Spread(network.RunOf(1, sequence));
            network.Time.Advance(Moment);
            network.Settle();
            network.Time.Advance(TimeSpan.FromSeconds(1));
        }

        network.Silent.Add(0);
        network.All[3].Spread(network.RunOf(1, 100));
        network.Settle();
        Assert.Contains(network.RunOf(1, 100).Digest, network.Pools[2].Runs);
    }

    [Fact]
    public void A_silent_verifier_is_replaced_by_the_next_after_three_batches_and_heard_again_when_it_speaks()
    {
        using GossipNetwork network = Four();
        network.Silent.Add(0);
        for (ulong sequence = 1; sequence <= SharedVerification.Patience; sequence++)
        {
            network.All[3].Spread(network.RunOf(1, sequence));
            network.Settle();
            network.Time.Advance(Defaults.AttestationDeadline);
        }

        network.Checked.Clear();
        network.Trusted.Clear();
        Run run = network.RunOf(2, 1);
        network.All[3].Spread(run);
        network.Settle();
        Assert.Equal([(1, run.Digest)], network.Checked);
        Assert.Equal([(2, run.Digest)], network.Trusted);

        // It is back: those that hear its attestation count on it again.
        network.Silent.Clear();
        network.All[3].Spread(network.RunOf(2, 2));
        network.Time.Advance(Moment);
        network.Settle();
        network.Checked.Clear();
        Run last = network.RunOf(2, 3);
        network.All[3].Spread(last);
        network.Time.Advance(Moment);
        network.Settle();
        Assert.Equal([(0, last.Digest)], network.Checked);
    }

    [Fact]
    public void A_run_its_client_did_not_sign_gets_nowhere_whoever_spread_it()
    {
        using GossipNetwork network = Four(_ => false);
        network.All[3].Spread(network.RunOf(1, 1));
        network.Settle();
        network.Time.Advance(Defaults.AttestationDeadline);
        Assert.All(network.Pools, pool => Assert.Empty(pool.Offered.All));
        Assert.Empty(network.Trusted);
        Assert.All(new[] { 0, 1, 2 }, other => Assert.Equal(1, network.All[other].Counts.Unsound));
    }

    [Fact]
    public void What_waits_for_others_is_bounded_and_what_is_beyond_is_checked_at_once()
    {
        using var network = new GossipNetwork(4, options => options with { Verifiers = 2, MaxWaitingBytes = 1000 });
        network.Silent.Add(0);
        for (ulong sequence = 1; sequence <= 10; sequence++)
        {
            network.All[1].OnMessage(new ReplicaId(3), network.BatchOf(3, sequence, network.RunOf(1, sequence, bytes: 300)));
        }

        Assert.InRange(network.Pools[1].Runs.Length, 7, 9);
        network.Time.Advance(Defaults.AttestationDeadline);
        Assert.Equal(10, network.Pools[1].Runs.Length);
    }

    [Fact]
    public void In_a_large_committee_f_plus_one_check_and_all_get_the_runs()
    {
        using var network = new GossipNetwork(31, options => options with { Verifiers = 11 });
        for (ulong sequence = 1; sequence <= 10; sequence++)
        {
            int origin = (int)(sequence * 7 % 31);
            Run run = network.RunOf(1, sequence);
            network.Checked.Clear();
            network.All[origin].Spread(run);
            network.Settle();
            Assert.All(Enumerable.Range(0, 31).Where(i => i != origin), i => Assert.Contains(run.Digest, network.Pools[i].Runs));
            Assert.Equal(10, network.Checked.Count);
            network.Time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public void Fewer_than_f_plus_one_verifiers_are_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new GossipNetwork(7, options => options with { Verifiers = 2 }));

    [Fact]
    public void Anything_that_is_no_attestation_is_counted_and_dropped()
    {
        using GossipNetwork network = Four();
        byte[] good = new GossipAttestation(new ReplicaId(3), 1, default).Encode();
        byte[][] bad = [good[..^1], [.. good, 0], [.. good[..2], 0xFF, 0xFF, .. good[4..]]];
        foreach (byte[] message in bad)
        {
            network.All[1].OnMessage(new ReplicaId(0), message);
        }

        Assert.Equal(bad.Length, network.All[1].Counts.Malformed);
    }

    private static void Vouch(GossipNetwork network, int by, int to, byte[] message)
    {
        Assert.True(GossipBatch.TryOpen(network.Chain, 64, message, out GossipBatch batch));
        network.All[to].OnMessage(new ReplicaId(by), new GossipAttestation(batch.Origin, batch.Sequence, batch.Digest).Encode());
    }
}
