using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine.Tests.Encoding;
using Bft.Simulation;

namespace Bft.Engine.Tests.Signing;

public class VoterTests
{
    private const ulong Seed = 17;

    private static readonly Chain Chain = Specimens.Chain;
    private static readonly FastScheme Scheme = new(4, 1);

    private static readonly ImmutableArray<SigningRule> Rules =
    [
        new SigningRule(StatementKind.Vote, FencedBy: [StatementKind.Timeout]),
        new SigningRule(StatementKind.Timeout),
        new SigningRule(StatementKind.Prepare, PerSlot: true, FencedBy: [StatementKind.ViewChange]),
        new SigningRule(StatementKind.ViewChange),
        new SigningRule(StatementKind.Append, PerSlot: true, FencedBelowBy: [StatementKind.Ballot]),
        new SigningRule(StatementKind.Ballot),
    ];

    [Fact]
    public void Asked_again_it_gives_the_same_bytes_and_no_new_record()
    {
        Voter voter = Fresh();
        SigningAnswer first = voter.Sign(Vote(5));
        Assert.True(first.Signed);
        Assert.NotNull(first.Record);
        SigningAnswer again = voter.Sign(Vote(5));
        Assert.Equal(first.Vote, again.Vote);
        Assert.Null(again.Record);
        Assert.True(new Claims(Chain, Scheme, new Crypto.Signatures.VerifiedCache()).IsVote(first.Vote));
    }

    [Theory]
    [InlineData(StatementKind.Vote, 5, 2, SigningRefusal.Contradiction)]
    [InlineData(StatementKind.Vote, 4, 1, SigningRefusal.OlderView)]
    [InlineData(StatementKind.Vote, 4, 2, SigningRefusal.OlderView)]
    [InlineData(StatementKind.Vote, 6, 1, SigningRefusal.None)]
    [InlineData(StatementKind.Commit, 9, 1, SigningRefusal.UnknownKind)]
    [InlineData(StatementKind.Timeout, 1, 1, SigningRefusal.None)]
    public void After_a_vote_in_view_5(StatementKind kind, ulong view, byte subject, SigningRefusal refusal)
    {
        Voter voter = Fresh();
        Vote five = voter.Sign(Vote(5)).Vote;
        Assert.Equal(refusal, voter.Sign(Of(kind, view, subject)).Refusal);
        // A restart from the records makes no difference.
        Voter restarted = Restarted(five);
        Assert.Equal(refusal, restarted.Sign(Of(kind, view, subject)).Refusal);
    }

    [Theory]
    [InlineData(4, SigningRefusal.Fenced)]
    [InlineData(5, SigningRefusal.Fenced)]
    [InlineData(6, SigningRefusal.None)]
    public void A_timeout_in_view_5_fences_votes_up_to_it(ulong view, SigningRefusal refusal)
    {
        Voter voter = Fresh();
        Vote timeout = voter.Sign(Of(StatementKind.Timeout, 5, 0)).Vote;
        Assert.Equal(refusal, voter.Sign(Vote(view)).Refusal);
        Assert.Equal(refusal, Restarted(timeout).Sign(Vote(view)).Refusal);
    }

    [Theory]
    [InlineData(4, SigningRefusal.Fenced)]
    [InlineData(5, SigningRefusal.None)]
    [InlineData(6, SigningRefusal.None)]
    public void A_ballot_in_term_5_fences_acknowledgements_of_terms_below(ulong term, SigningRefusal refusal)
    {
        Voter voter = Fresh();
        Vote ballot = voter.Sign(Of(StatementKind.Ballot, 5, 1)).Vote;
        Assert.Equal(refusal, voter.Sign(Of(StatementKind.Append, term, 1, slot: 3)).Refusal);
        Assert.Equal(refusal, Restarted(ballot).Sign(Of(StatementKind.Append, term, 1, slot: 3)).Refusal);
    }

    [Fact]
    public void A_vote_that_was_cast_before_the_fence_is_still_given_out_unchanged()
    {
        Voter voter = Fresh();
        Vote vote = voter.Sign(Vote(5)).Vote;
        voter.Sign(Of(StatementKind.Timeout, 5, 0));
        Assert.Equal(vote, voter.Sign(Vote(5)).Vote);
        Assert.Equal(SigningRefusal.Contradiction, voter.Sign(Of(StatementKind.Vote, 5, 2)).Refusal);
    }

    [Fact]
    public void Slots_have_their_own_views_and_a_fence_holds_for_all()
    {
        Voter voter = Fresh();
        Assert.True(voter.Sign(Of(StatementKind.Prepare, 3, 1, slot: 8)).Signed);
        Assert.True(voter.Sign(Of(StatementKind.Prepare, 3, 1, slot: 7)).Signed);
        Assert.True(voter.Sign(Of(StatementKind.Prepare, 2, 1, slot: 9)).Signed);
        Assert.Equal(SigningRefusal.Contradiction, voter.Sign(Of(StatementKind.Prepare, 3, 2, slot: 8)).Refusal);
        Assert.Equal(SigningRefusal.OlderView, voter.Sign(Of(StatementKind.Prepare, 2, 2, slot: 8)).Refusal);
        Assert.True(voter.Sign(Of(StatementKind.ViewChange, 3, 0)).Signed);
        Assert.Equal(SigningRefusal.Fenced, voter.Sign(Of(StatementKind.Prepare, 3, 1, slot: 10)).Refusal);
        Assert.True(voter.Sign(Of(StatementKind.Prepare, 4, 2, slot: 8)).Signed);
        Assert.NotNull(voter.LastOf(StatementKind.Prepare, 7));
        voter.Discard(StatementKind.Prepare, 8);
        Assert.Null(voter.LastOf(StatementKind.Prepare, 7));
        Assert.Null(voter.LastOf(StatementKind.Prepare, 8));
        Assert.NotNull(voter.LastOf(StatementKind.Prepare, 9));
        Assert.NotNull(voter.LastOf(StatementKind.ViewChange));
    }

    [Fact]
    public void Whatever_is_asked_it_never_signs_two_statements_of_one_kind_and_view_also_across_restarts()
    {
        var random = new Randomness(Seed);
        for (int round = 0; round < 200; round++)
        {
            Voter voter = Fresh();
            Dictionary<RecordKey, SafetyRecord> disk = [];
            Dictionary<(StatementKind, ulong), Vote> signed = [];
            for (int i = 0; i < 60; i++)
            {
                if (random.Below(8) == 0)
                {
                    voter = Fresh();
                    voter.Restore(disk.Values);
                }

                StatementKind kind = random.Below(4) == 0 ? StatementKind.Timeout : StatementKind.Vote;
                SigningAnswer answer = voter.Sign(Of(kind, (ulong)random.Below(12), kind == StatementKind.Timeout ? (byte)0 : (byte)random.Below(3)));
                if (!answer.Signed)
                {
                    continue;
                }

                if (answer.Record is { } record)
                {
                    disk[record.Key] = record;
                }

                ulong view = answer.Vote.Statement.View.Value;
                Assert.True(signed.TryAdd((kind, view), answer.Vote) || SameBytes(signed[(kind, view)], answer.Vote), $"seed {Seed}, round {round}");
                Assert.True(
                    kind == StatementKind.Timeout || answer.Record is null || !signed.Keys.Any(key => key.Item1 == StatementKind.Timeout && key.Item2 >= view),
                    $"seed {Seed}, round {round}: a vote after the timeout of view {view}");
            }
        }
    }

    [Fact]
    public void Its_highest_view_counts_every_kind_and_survives_a_restart()
    {
        Voter voter = Fresh();
        Vote vote = voter.Sign(Vote(5)).Vote;
        Vote timeout = voter.Sign(Of(StatementKind.Timeout, 9, 0)).Vote;
        Assert.Equal(9UL, voter.HighestSignedView.Value);
        Assert.Equal(9UL, Restarted(vote, timeout).HighestSignedView.Value);
        Assert.Equal(5UL, Restarted(vote).HighestSignedView.Value);
    }

    [Fact]
    public void Without_its_records_it_signs_nothing_and_resumed_only_above_the_floor()
    {
        Voter voter = Fresh(mayVote: false);
        Assert.Equal(SigningRefusal.MayNotVote, voter.Sign(Vote(100)).Refusal);
        voter.Resume(new View(20));
        Assert.Equal(SigningRefusal.MayNotVote, voter.Sign(Vote(20)).Refusal);
        Assert.Equal(SigningRefusal.MayNotVote, voter.Sign(Of(StatementKind.Timeout, 19, 0)).Refusal);
        Assert.True(voter.Sign(Vote(21)).Signed);
        // A lower floor later takes nothing back.
        voter.Resume(new View(3));
        Assert.Equal(SigningRefusal.MayNotVote, voter.Sign(Of(StatementKind.Timeout, 20, 0)).Refusal);
        voter.Silence();
        Assert.Equal(SigningRefusal.MayNotVote, voter.Sign(Vote(21)).Refusal);
    }

    [Fact]
    public void Records_of_another_replica_or_kind_are_refused_and_the_protocol_s_own_are_left_alone()
    {
        var stranger = new Voter(Chain, new ReplicaId(2), Scheme.SignerOf(2), Rules);
        SafetyRecord foreign = stranger.Sign(Vote(5)).Record!;
        Assert.Throws<InvalidDataException>(() => Fresh().Restore([foreign]));
        SafetyRecord own = Fresh().Sign(Vote(5)).Record!;
        Assert.Throws<InvalidDataException>(() => Fresh().Restore([own with { Key = new RecordKey((byte)StatementKind.Timeout) }]));
        Assert.Throws<InvalidDataException>(() => Fresh().Restore([own with { Content = own.Content[..^1] }]));
        Fresh().Restore([new SafetyRecord(new RecordKey(0x80), new byte[] { 1 })]);
    }

    [Fact]
    public void Without_a_key_it_records_all_the_same()
    {
        var voter = new Voter(Chain, new ReplicaId(1), null, Rules);
        SigningAnswer answer = voter.Sign(Vote(5));
        Assert.True(answer.Signed && answer.Record is not null && answer.Vote.Signature.IsEmpty);
        Assert.Equal(SigningRefusal.Contradiction, voter.Sign(Of(StatementKind.Vote, 5, 2)).Refusal);
    }

    private static Voter Fresh(bool mayVote = true) => new(Chain, new ReplicaId(1), Scheme.SignerOf(1), Rules, mayVote);

    private static Voter Restarted(params Vote[] votes)
    {
        Voter voter = Fresh();
        voter.Restore(votes.Select(vote =>
        {
            var writer = new Engine.Encoding.CanonicalWriter();
            vote.Encode(writer);
            return new SafetyRecord(new RecordKey((byte)vote.Statement.Kind), writer.ToArray());
        }));
        return voter;
    }

    private static Statement Vote(ulong view) => Of(StatementKind.Vote, view, 1);

    private static Statement Of(StatementKind kind, ulong view, byte subject, ulong slot = 1) =>
        new(kind, default, new View(view), new Height(slot), subject == 0 ? default : HashFunction.Sha256.Hash([subject]));

    private static bool SameBytes(Vote left, Vote right) => left.Statement == right.Statement && left.Signature.Span.SequenceEqual(right.Signature.Span);
}
