using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine.Shared;
using Bft.Engine.Tests.Loop;

namespace Bft.Engine.Tests.Certificates;

/// <summary>Votes that are counted before they are checked: what the loop makes of lies among them, and that no lie becomes more than a lost vote.</summary>
public class CountedVotesTests
{
    private static readonly BlsKeys Keys = new(4);

    private static Statement StatementOf(ulong view, byte subject = 1) =>
        new(StatementKind.Vote, default, new View(view), new Height(1), HashFunction.Sha256.Hash([subject]));

    [Fact]
    public void Combining_is_done_off_the_loop_and_answered_by_a_later_input()
    {
        var workers = new HeldWork();
        LoopStage stage = Stage(workers, 5, 0, 1, 2);
        stage.Say(1);
        Assert.Equal(1, workers.Count);
        Assert.DoesNotContain(stage.Inputs, input => input is Input.Certified or Input.VotesRefused);
        workers.Do();
        Assert.DoesNotContain(stage.Inputs, input => input is Input.Certified);
        stage.Turn();
        QuorumCertificate certificate = Assert.Single(stage.Inputs.OfType<Input.Certified>()).Certificate;
        Assert.Equal(48, certificate.Signature.Length);
        Assert.Equal(1, certificate.Authenticators);
        Assert.Equal(ReplicaSet.Of(0, 1, 2), certificate.Signers);
        Assert.True(new Claims(stage.Chain, Keys.Scheme, new VerifiedCache()).IsCertificate(certificate));
    }

    [Fact]
    public void A_liar_is_named_suspected_and_told_and_without_workers_the_loop_does_it_itself()
    {
        LoopStage stage = Stage(null, 5, 0, 1, -2);
        stage.Say(1);
        Input.VotesRefused refused = Assert.Single(stage.Inputs.OfType<Input.VotesRefused>());
        Assert.Equal((StatementOf(5), ReplicaSet.Of(2)), (refused.Statement, refused.Signers));
        Assert.DoesNotContain(stage.Inputs, input => input is Input.Certified);
        Assert.True(stage.Replica.Suspects.Contains(new ReplicaId(2)));
        Assert.False(stage.Replica.Suspects.Contains(new ReplicaId(1)));
        (ReplicaAlarm alarm, string detail) = Assert.Single(stage.Alarms);
        Assert.Equal(ReplicaAlarm.FalseVotes, alarm);
        Assert.Contains("{2}", detail, StringComparison.Ordinal);
        Assert.Contains("view 5", detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failing_worker_ends_the_loop()
    {
        var workers = new HeldWork();
        var stage = new LoopStage(certificates: Keys.Scheme, workers: workers)
        {
            // A quorum that holds a stranger: a bug, which must not pass in silence.
            OnStep = (input, effects) =>
            {
                if (input is Input.Received)
                {
                    effects.Combine(StatementOf(5), [new Vote(StatementOf(5), new ReplicaId(9), new byte[48])]);
                }
            },
        };
        stage.Begin();
        stage.Say(1);
        workers.Do();
        Assert.IsType<ArgumentException>(Assert.Throws<InvalidOperationException>(stage.Turn).InnerException);
    }

    [Fact]
    public void A_counted_vote_becomes_evidence_only_when_both_signatures_hold()
    {
        LoopStage stage = Accusing(out List<Evidence> evidence);
        Vote first = Keys.Vote(stage.Chain, 2, StatementOf(5)), second = Keys.Vote(stage.Chain, 2, StatementOf(5, subject: 2));
        evidence.AddRange([new Evidence(first with { Signature = second.Signature }, second), new Evidence(first, second with { Signature = first.Signature })]);
        stage.Say(1);
        Assert.Empty(stage.Accused);
        Assert.True(stage.Replica.Suspects.Contains(new ReplicaId(2)));
        evidence.Clear();
        evidence.Add(new Evidence(first, second));
        stage.Say(1);
        Assert.Equal([new Evidence(first, second)], stage.Accused);
    }

    [Fact]
    public void Only_a_vote_from_its_signer_itself_is_counted_unchecked()
    {
        var stage = new LoopStage(certificates: Keys.Scheme);
        var strict = new Claims(stage.Chain, Keys.Scheme, new VerifiedCache());
        var counted = new CountedClaims(strict, Keys.Scheme, new Suspects(4));
        Vote good = Keys.Vote(stage.Chain, 2, StatementOf(5)), lie = good with { Statement = StatementOf(5, subject: 2) };
        Assert.True(counted.MayCount(lie, new ReplicaId(2)));
        Assert.False(counted.MayCount(lie, new ReplicaId(3)));
        Assert.False(counted.MayCount(good, new ReplicaId(3)));
        Assert.False(counted.IsVote(lie));
        Assert.False(((IClaims)strict).MayCount(lie, new ReplicaId(2)));

        // What no honest replica would send is not counted whoever sends it.
        Assert.False(counted.MayCount(good with { Signature = new byte[47] }, new ReplicaId(2)));
        Assert.False(counted.MayCount(good with { Statement = good.Statement with { Epoch = new Epoch(1) } }, new ReplicaId(2)));
        Assert.False(counted.MayCount(good with { Signer = new ReplicaId(4) }, new ReplicaId(4)));
        Assert.False(counted.MayCount(good with { Signer = new ReplicaId(-1) }, new ReplicaId(-1)));
    }

    [Fact]
    public void A_suspect_s_lies_cost_one_check_in_many_and_its_good_votes_count()
    {
        var stage = new LoopStage(certificates: Keys.Scheme);
        var judge = new CountingJudge(new Claims(stage.Chain, Keys.Scheme, new VerifiedCache()));
        var suspects = new Suspects(4);
        var counted = new CountedClaims(judge, Keys.Scheme, suspects);
        Vote good = Keys.Vote(stage.Chain, 2, StatementOf(5)), lie = good with { Statement = StatementOf(5, subject: 2) };
        suspects.Add(new ReplicaId(2));
        for (int i = 0; i < 1000; i++)
        {
            Assert.False(counted.MayCount(lie, new ReplicaId(2)));
        }

        Assert.InRange(judge.Checks, 2, 10 + (1000 / Suspects.MostIgnored));

        // Whoever was repaired loses a bounded number of votes; none after the first good one.
        int lost = 0;
        while (!counted.MayCount(good, new ReplicaId(2)))
        {
            Assert.True(++lost <= Suspects.MostIgnored);
        }

        Assert.True(counted.MayCount(good, new ReplicaId(2)) && counted.MayCount(good, new ReplicaId(2)));
        Assert.False(counted.MayCount(lie, new ReplicaId(2)));

        // Nobody else is distrusted for it.
        Assert.True(counted.MayCount(lie with { Signer = new ReplicaId(1) }, new ReplicaId(1)));
    }

    [Fact]
    public void The_collector_takes_a_refused_vote_back_and_reports_a_quorum_again()
    {
        var collector = new VoteCollector(new Committee(4));
        Vote VoteOf(int signer) => new(StatementOf(5), new ReplicaId(signer), new byte[] { (byte)signer });
        collector.Add(VoteOf(0));
        collector.Add(VoteOf(2));
        Assert.Equal(3, collector.Add(VoteOf(1)).Quorum.Length);

        // 2 lied; nobody else is there yet. It may vote again, and 3 may take its place.
        Assert.True(collector.Refuse(StatementOf(5), ReplicaSet.Of(2)).IsDefaultOrEmpty);
        Assert.Equal([0, 1, 3], collector.Add(VoteOf(3)).Quorum.Select(vote => vote.Signer.Value));
        Assert.Equal(default, collector.Add(VoteOf(2)));

        // A vote that came while the certificate was tried counts at once.
        Assert.Equal([0, 2, 3], collector.Refuse(StatementOf(5), ReplicaSet.Of(1)).Select(vote => vote.Signer.Value));
        Assert.True(collector.Refuse(StatementOf(5), ReplicaSet.Of(0, 2, 3)).IsDefaultOrEmpty);
        Assert.True(collector.Refuse(StatementOf(9), ReplicaSet.Of(0)).IsDefaultOrEmpty);

        // Of a refused signer only the vote for that statement goes.
        collector.Add(VoteOf(3) with { Statement = StatementOf(6, subject: 2) });
        collector.Refuse(StatementOf(6), ReplicaSet.Of(3));
        Assert.NotNull(collector.Add(VoteOf(3) with { Statement = StatementOf(6) }).Evidence);
    }

    [Fact]
    public void A_certificate_of_unnamed_replicas_is_believed_without_a_set_and_only_for_a_quorum()
    {
        var shared = new BlsKeys(4, quorum: 3);
        var stage = new LoopStage(certificates: shared.Scheme)
        {
            OnStep = (input, effects) =>
            {
                if (input is Input.Received)
                {
                    effects.Combine(StatementOf(5), [.. new[] { 3, 0, 2 }.Select(i => shared.Vote(Chain!, i, StatementOf(5)))]);
                }
            },
        };
        Chain = stage.Chain;
        stage.Begin();
        stage.Say(1);
        QuorumCertificate certificate = Assert.Single(stage.Inputs.OfType<Input.Certified>()).Certificate;
        Assert.Equal(ReplicaSet.Empty, certificate.Signers);
        Assert.Equal(1, certificate.Authenticators);
        var claims = new Claims(stage.Chain, shared.Scheme, new VerifiedCache());
        Assert.True(claims.IsCertificate(certificate));
        Assert.False(claims.IsCertificate(new QuorumCertificate(certificate.Statement, ReplicaSet.Of(0, 2, 3), certificate.Signature)));
        Assert.False(claims.IsCertificate(new QuorumCertificate(StatementOf(6), ReplicaSet.Empty, certificate.Signature)));

        // Two of four suffice for this key, and are no quorum.
        Assert.Throws<ArgumentException>(() => new Claims(stage.Chain, new BlsKeys(4, quorum: 2).Scheme, new VerifiedCache()));
    }

    private Chain? Chain { get; set; }

    // Negative: a lie in that replica's name. (0 tells the truth.)
    private static LoopStage Stage(IWorkers? workers, ulong view, params int[] voters)
    {
        var stage = new LoopStage(certificates: Keys.Scheme, workers: workers);
        stage.OnStep = (input, effects) =>
        {
            if (input is Input.Received)
            {
                effects.Combine(StatementOf(view), [.. voters.Select(voter => voter >= 0
                    ? Keys.Vote(stage.Chain, voter, StatementOf(view))
                    : Keys.Vote(stage.Chain, -voter, StatementOf(view + 1)) with { Statement = StatementOf(view) })]);
            }
        };
        return stage.Begin();
    }

    private static LoopStage Accusing(out List<Evidence> evidence)
    {
        List<Evidence> accusations = [];
        evidence = accusations;
        return new LoopStage(certificates: Keys.Scheme)
        {
            OnStep = (input, effects) =>
            {
                if (input is Input.Received)
                {
                    accusations.ForEach(effects.Accuse);
                }
            },
        }.Begin();
    }

    private sealed class HeldWork : IWorkers
    {
        private readonly Queue<Action> _held = [];

        public int Count => _held.Count;

        public void Queue(Action work) => _held.Enqueue(work);

        public void Do()
        {
            while (_held.TryDequeue(out Action? work))
            {
                work();
            }
        }
    }

    private sealed class CountingJudge(IClaims claims) : IClaims
    {
        public int Checks { get; private set; }

        public Chain Chain => claims.Chain;

        public bool IsVote(in Vote vote)
        {
            Checks++;
            return claims.IsVote(vote);
        }

        public bool IsCertificate(QuorumCertificate certificate) => claims.IsCertificate(certificate);

        public bool IsPayload(Payload payload) => claims.IsPayload(payload);
    }
}
