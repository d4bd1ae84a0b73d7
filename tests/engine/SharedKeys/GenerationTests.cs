using Bft.Crypto;
using Bft.Crypto.Threshold;
using Bft.Engine.Encoding;
using Bft.Engine.SharedKeys;

namespace Bft.Engine.Tests.SharedKeys;

/// <summary>A key that a committee makes without a dealer, and everything up to f members may do against it.</summary>
public sealed class GenerationTests
{
    private readonly GenerationRoom _room = new();

    [Fact]
    public void An_honest_committee_makes_a_key_in_five_heights_and_blames_nobody()
    {
        _room.Start(_room.Call(phaseBlocks: 1000));
        SharedKeyOutcome outcome = _room.Run();
        Assert.Null(outcome.Failure);
        Assert.Empty(outcome.Blamed);
        Assert.Equal(new Height(6), outcome.FinishedAt);
        Assert.Equal(new Height(6 + 1 + 3), outcome.EffectHeight);
        Assert.Equal(ReplicaSet.FirstOf(4), outcome.Qualified);
        Assert.Equal(3, outcome.Threshold);
        Assert.Equal(4, _room.Keep().Count);
        _room.AssertSigns(outcome, 0, 1, 2);
        _room.AssertSigns(outcome, 3, 1, 0);
        _room.AssertSigns(outcome, 2, 3);
        Assert.All(_room.Log, said => Assert.Equal(SharedKeyCodes.Ok, said.Code));
        Assert.Null(_room.Registry.View.ActiveAt(new Height(9)));
        Assert.Same(outcome, _room.Registry.View.ActiveAt(new Height(10)));
    }

    [Fact]
    public void Fewer_than_f_plus_1_calls_and_calls_that_differ_start_nothing()
    {
        Assert.Equal(SharedKeyCodes.Ok, _room.Say(_room.Participants[0].Call(0, _room.Call(), _room.Registry.View.Last)));
        Assert.Equal(SharedKeyCodes.AlreadySaid, _room.Say(_room.Participants[0].Call(0, _room.Call(), _room.Registry.View.Last)));
        Assert.Equal(SharedKeyCodes.Ok, _room.Say(_room.Participants[1].Call(1, _room.Call(phaseBlocks: 10), _room.Registry.View.Last)));
        Assert.Equal(SharedKeyCodes.WrongSignature, _room.Say(_room.Participants[0].Call(1, _room.Call(), _room.Registry.View.Last)));
        Assert.Equal(SharedKeyCodes.NoMember, _room.Say(_room.Participants[0].Call(4, _room.Call(), _room.Registry.View.Last)));
        Assert.Equal(SharedKeyCodes.Refused, _room.Say(_room.Participants[0].Call(0, _room.Call(reshares: HashFunction.Sha256.Hash("no key"u8)), _room.Registry.View.Last)));
        _room.Registry.EndHeight(new Height(1));
        Assert.Null(_room.Registry.Generation);
        Assert.Equal(SharedKeyCodes.Ok, _room.Say(_room.Participants[1].Call(1, _room.Call(), _room.Registry.View.Last)));
        _room.Registry.EndHeight(new Height(2));
        Assert.NotNull(_room.Registry.Generation);
        Assert.Equal(SharedKeyCodes.OtherGeneration, _room.Say(_room.Participants[2].Call(2, _room.Call(), _room.Registry.View.Last)));
    }

    [Theory]
    [InlineData(GenerationPhase.Announcing, BlameReason.NoAnnouncement)]
    [InlineData(GenerationPhase.Dealing, BlameReason.NoDealing)]
    [InlineData(GenerationPhase.Complaining, BlameReason.NoVerdict)]
    [InlineData(GenerationPhase.Extracting, BlameReason.NoExtraction)]
    [InlineData(GenerationPhase.Objecting, BlameReason.NoObjection)]
    internal void Who_is_silent_from_some_phase_on_is_blamed_and_survived(GenerationPhase from, BlameReason reason)
    {
        _room.Start(_room.Call());
        _room.Silent = (member, phase) => member == 2 && phase >= from;
        SharedKeyOutcome outcome = _room.Run();
        Assert.Null(outcome.Failure);
        Assert.Contains((2, reason), GenerationRoom.Names(outcome));
        Assert.All(outcome.Blamed, blame => Assert.Equal(2, blame.Place));
        Assert.Equal(from > GenerationPhase.Dealing, outcome.Qualified.Contains(new ReplicaId(2)));
        _room.Keep();
        _room.AssertSigns(outcome, 0, 1, 3);
    }

    [Fact]
    public void A_dealing_that_comes_after_the_deadline_is_refused()
    {
        _room.Start(_room.Call());
        _room.StepUntil(GenerationPhase.Dealing);
        byte[] late = _room.Participants[2].Next(_room.Generation, _room.Seed(2))!;
        _room.Silent = (member, phase) => member == 2 && phase == GenerationPhase.Dealing;
        _room.StepUntil(GenerationPhase.Complaining);
        Assert.Equal(SharedKeyCodes.WrongPhase, _room.Say(late));
        SharedKeyOutcome outcome = _room.Run();
        Assert.Equal([(2, BlameReason.NoDealing)], GenerationRoom.Names(outcome));
    }

    [Fact]
    public void A_dealer_who_seals_rubbish_for_more_than_f_is_out()
    {
        _room.Start(_room.Call());
        _room.Instead = (member, honest, message) => member == 2 && message.Kind == SharedKeyMessageKind.Deal ? Spoil(2, message, shares: [0, 1]) : honest;
        SharedKeyOutcome outcome = _room.Run();
        Assert.Equal([(2, BlameReason.TooManyComplaints)], GenerationRoom.Names(outcome));
        Assert.Equal(ReplicaSet.Of(0, 1, 3), outcome.Qualified);
        _room.Keep();
        _room.AssertSigns(outcome, 0, 1, 3);
    }

    [Fact]
    public void A_dealer_who_answers_an_accusation_well_qualifies_and_the_accuser_has_its_share()
    {
        _room.Start(_room.Call());
        _room.Instead = (member, honest, message) => member == 2 && message.Kind == SharedKeyMessageKind.Deal ? Spoil(2, message, shares: [1]) : honest;
        SharedKeyOutcome outcome = _room.Run();
        Assert.Empty(outcome.Blamed);
        Assert.Equal(ReplicaSet.FirstOf(4), outcome.Qualified);
        Assert.Equal(4, _room.Keep().Count);
        _room.AssertSigns(outcome, 0, 1, 2);
    }

    [Fact]
    public void An_accused_dealer_who_does_not_answer_is_out()
    {
        _room.Start(_room.Call());
        _room.Instead = (member, honest, message) =>
            member == 2 && message.Kind == SharedKeyMessageKind.Deal ? Spoil(2, message, shares: [1]) : member == 2 && message.Kind == SharedKeyMessageKind.Answer ? null : honest;
        SharedKeyOutcome outcome = _room.Run();
        Assert.Equal([(2, BlameReason.NoAnswer)], GenerationRoom.Names(outcome));
        Assert.Equal(ReplicaSet.Of(0, 1, 3), outcome.Qualified);
    }

    [Fact]
    public void An_accused_dealer_whose_answer_does_not_fit_is_out_at_once_and_may_not_correct_it()
    {
        _room.Start(_room.Call());
        byte[]? good = null;
        _room.Instead = (member, honest, message) =>
        {
            if (member != 2 || message.Kind is not (SharedKeyMessageKind.Deal or SharedKeyMessageKind.Answer))
            {
                return honest;
            }

            if (message.Kind == SharedKeyMessageKind.Deal)
            {
                return Spoil(2, message, shares: [1]);
            }

            good = honest;
            byte[] content = message.Content.ToArray();
            content[^1] ^= 1;
            return _room.Sign(2, SharedKeyMessageKind.Answer, content);
        };
        SharedKeyOutcome outcome = _room.Run();
        Assert.NotNull(good);
        Assert.Equal([(2, BlameReason.WrongAnswer)], GenerationRoom.Names(outcome));
        Assert.Equal(ReplicaSet.Of(0, 1, 3), outcome.Qualified);
    }

    [Fact]
    public void A_false_complaint_harms_only_the_secrecy_of_the_liars_own_share()
    {
        _room.Start(_room.Call());
        _room.Instead = (member, honest, message) => member == 3 && message.Kind == SharedKeyMessageKind.Verdict ? _room.Sign(3, SharedKeyMessageKind.Verdict, SetOf(0, 1, 2)) : honest;
        SharedKeyOutcome outcome = _room.Run();
        Assert.Empty(outcome.Blamed);
        Assert.Equal(ReplicaSet.FirstOf(4), outcome.Qualified);
        Assert.Equal(4, _room.Keep().Count);
    }

    [Fact]
    public void False_commitments_are_proved_false_and_the_dealers_polynomial_is_rebuilt()
    {
        _room.Start(_room.Call());
        using SeededDealing other = SeededDealing.OfFreshSecret([.. Enumerable.Repeat((byte)99, 32)], 3);
        _room.Instead = (member, honest, message) => member == 2 && message.Kind == SharedKeyMessageKind.Extract ? _room.Sign(2, SharedKeyMessageKind.Extract, [.. other.Commit().ToBytes(), .. other.ProveExtraction([.. Enumerable.Repeat((byte)99, 32)], _room.Generation.ExtractionContext(2))])
            : member == 2 && message.Kind >= SharedKeyMessageKind.Objection ? null : honest;
        SharedKeyOutcome outcome = _room.Run();
        Assert.Null(outcome.Failure);
        Assert.Contains((2, BlameReason.WrongExtraction), GenerationRoom.Names(outcome));
        Assert.Equal(ReplicaSet.FirstOf(4), outcome.Qualified);
        AssertSumOfAllSecrets(outcome);
    }

    [Fact]
    public void The_key_is_the_same_whether_a_dealer_extracts_or_is_rebuilt()
    {
        _room.Start(_room.Call());
        _room.Silent = (member, phase) => member == 2 && phase == GenerationPhase.Extracting;
        SharedKeyOutcome outcome = _room.Run();
        Assert.Equal([(2, BlameReason.NoExtraction)], GenerationRoom.Names(outcome));
        AssertSumOfAllSecrets(outcome);
    }

    [Fact]
    public void An_objection_without_a_proof_is_refused_and_blamed()
    {
        _room.Start(_room.Call());
        _room.Instead = (member, honest, message) =>
        {
            if (member != 3 || message.Kind != SharedKeyMessageKind.Objection)
            {
                return honest;
            }

            using var dealing = SeededDealing.OfFreshSecret(_room.Seed(0), 3);
            return _room.Sign(3, SharedKeyMessageKind.Objection, Generation.EncodeShares([(0, dealing.At(4))]));
        };
        SharedKeyOutcome outcome = _room.Run();
        Assert.Equal([(3, BlameReason.FalseObjection)], GenerationRoom.Names(outcome));
        Assert.Null(outcome.Failure);
        AssertSumOfAllSecrets(outcome);
    }

    [Fact]
    public void A_wrong_revealed_share_is_blamed_and_left_out()
    {
        var room = new GenerationRoom(7);
        room.Start(room.Call());
        room.Silent = (member, phase) => member == 2 && phase >= GenerationPhase.Extracting;
        room.Instead = (member, honest, message) =>
        {
            if (member != 3 || message.Kind != SharedKeyMessageKind.Reveal)
            {
                return honest;
            }

            byte[] content = message.Content.ToArray();
            content[^1] ^= 1;
            return room.Sign(3, SharedKeyMessageKind.Reveal, content);
        };
        SharedKeyOutcome outcome = room.Run();
        Assert.Null(outcome.Failure);
        Assert.Contains((3, BlameReason.WrongReveal), GenerationRoom.Names(outcome));
        room.Keep();
        room.AssertSigns(outcome, 0, 1, 4, 5, 6);
    }

    [Fact]
    public void The_first_of_two_different_dealings_counts_everywhere()
    {
        _room.Start(_room.Call());
        _room.StepUntil(GenerationPhase.Dealing);
        SharedKeyMessage honest = SharedKeyMessage.Decode(_room.Participants[2].Next(_room.Generation, _room.Seed(2))!, out _)!;
        Assert.Equal(SharedKeyCodes.Ok, _room.Say(_room.Sign(2, SharedKeyMessageKind.Deal, honest.Content.Span)));
        Assert.Equal(SharedKeyCodes.AlreadySaid, _room.Say(Spoil(2, honest, shares: [0, 1, 3])));
        Assert.Empty(_room.Run().Blamed);
    }

    [Fact]
    public void Keys_that_are_none_and_words_of_others_are_refused()
    {
        _room.Start(_room.Call());
        SharedKeyMessage mine = SharedKeyMessage.Decode(_room.Participants[0].Next(_room.Generation, _room.Seed(0))!, out _)!;
        Assert.Equal(SharedKeyCodes.Ok, _room.Say(_room.Sign(0, SharedKeyMessageKind.Announce, mine.Content.Span)));
        Assert.Equal(SharedKeyCodes.AlreadySaid, _room.Say(_room.Sign(0, SharedKeyMessageKind.Announce, mine.Content.Span)));
        Assert.Equal(SharedKeyCodes.Refused, _room.Say(_room.Sign(1, SharedKeyMessageKind.Announce, new byte[32])));
        Assert.Equal(SharedKeyCodes.WrongSignature, _room.Say(_room.Sign(0, SharedKeyMessageKind.Announce, mine.Content.Span, place: 1)));
        Assert.Equal(SharedKeyCodes.NoMember, _room.Say(_room.Sign(0, SharedKeyMessageKind.Announce, mine.Content.Span, place: 4)));
        Assert.Equal(SharedKeyCodes.WrongPhase, _room.Say(_room.Sign(0, SharedKeyMessageKind.Verdict, SetOf())));
        Assert.Equal(SharedKeyCodes.Malformed, _room.Say([.. SharedKeyMessage.Magic, 1]));
    }

    [Fact]
    public void A_bit_flipped_anywhere_in_a_command_is_refused()
    {
        _room.Start(_room.Call());
        byte[] command = _room.Participants[0].Next(_room.Generation, _room.Seed(0))!;
        for (int bit = 8 * SharedKeyMessage.Magic.Length; bit < 8 * command.Length; bit++)
        {
            byte[] flipped = [.. command];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(SharedKeyCodes.Ok, _room.Say(flipped));
        }

        Assert.Equal(SharedKeyCodes.Ok, _room.Say(command));
    }

    [Fact]
    public void Too_few_who_announce_fail_it_by_name()
    {
        _room.Start(_room.Call());
        _room.Silent = (member, _) => member >= 2;
        SharedKeyOutcome outcome = _room.Run();
        Assert.Contains("2 receivers announced a key, 3 are needed", outcome.Failure, StringComparison.Ordinal);
        Assert.Equal([(2, BlameReason.NoAnnouncement), (3, BlameReason.NoAnnouncement)], GenerationRoom.Names(outcome));
        Assert.Equal(outcome, _room.Registry.View.Failure);
        Assert.Null(_room.Registry.View.ActiveAt(new Height(1000)));
    }

    [Fact]
    public void Too_few_who_deal_fail_it_by_name_and_another_generation_may_follow()
    {
        _room.Start(_room.Call());
        _room.Silent = (member, phase) => member >= 1 && phase == GenerationPhase.Dealing;
        SharedKeyOutcome outcome = _room.Run();
        Assert.Contains("1 dealers qualified, 2 are needed", outcome.Failure, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], outcome.Blamed.Select(blame => blame.Place));
        _room.Silent = (_, _) => false;
        Digest failed = outcome.Generation;
        _room.Start(_room.Call());
        Assert.NotEqual(failed, _room.Generation.Id);
        Assert.Null(_room.Run().Failure);
    }

    [Fact]
    public void Malformed_dealings_are_blamed_as_such()
    {
        _room.Start(_room.Call());
        _room.Instead = (member, honest, message) => member == 2 && message.Kind == SharedKeyMessageKind.Deal ? _room.Sign(2, SharedKeyMessageKind.Deal, message.Content.Span[1..]) : honest;
        Assert.Equal([(2, BlameReason.MalformedDealing)], GenerationRoom.Names(_room.Run()));
    }

    [Fact]
    public void Every_random_adversary_of_f_members_leaves_a_key_and_the_same_state_twice()
    {
        for (int seed = 1; seed <= 12; seed++)
        {
            Random random = new(seed);
            var room = new GenerationRoom(4);
            int traitor = random.Next(4);
            room.Start(room.Call());
            room.Instead = (member, honest, message) =>
            {
                if (member != traitor)
                {
                    return honest;
                }

                byte[] content = message.Content.ToArray();
                switch (random.Next(4))
                {
                    case 0:
                        return null;
                    case 1 when content.Length > 0:
                        content[random.Next(content.Length)] ^= (byte)(1 << random.Next(8));
                        return room.Sign(member, message.Kind, content);
                    case 2 when message.Kind == SharedKeyMessageKind.Verdict:
                        return room.Sign(member, message.Kind, SetOf([.. Enumerable.Range(0, 4).Where(_ => random.Next(2) == 0)]));
                    default:
                        return honest;
                }
            };
            SharedKeyOutcome outcome = room.Run();
            Assert.True(outcome.Failure is null, $"seed {seed}: {outcome.Failure}");
            Assert.True(outcome.Blamed.All(blame => blame.Place == traitor), $"seed {seed}: an honest member is blamed");
            Assert.True(room.Keep().Count >= 3, $"seed {seed}: too few shares");
            room.AssertSigns(outcome, [.. Enumerable.Range(0, 4).Where(member => member != traitor)]);

            var twin = new SharedKeyRegistry(room.Chain, room.Identities);
            Height at = new(1);
            foreach ((Height height, byte[] command, byte code) in room.Log)
            {
                for (; at < height; at = at.Next())
                {
                    twin.EndHeight(at);
                }

                Assert.Equal(code, twin.Execute(height, command));
            }

            for (; at <= room.Height; at = at.Next())
            {
                twin.EndHeight(at);
            }

            Assert.Equal(room.Registry.Root, twin.Root);
        }
    }

    private static byte[] SetOf(params int[] members)
    {
        var writer = new CanonicalWriter();
        writer.Set(ReplicaSet.Of(members));
        return writer.ToArray();
    }

    private byte[] Spoil(int dealer, SharedKeyMessage deal, int[] shares)
    {
        byte[] content = deal.Content.ToArray();
        int first = content.Length - (_room.Generation.Holders.Count * ShareBox.SealedBytes);
        foreach (int share in shares)
        {
            content[first + (share * ShareBox.SealedBytes)] ^= 1;
        }

        return _room.Sign(dealer, SharedKeyMessageKind.Deal, content);
    }

    private void AssertSumOfAllSecrets(SharedKeyOutcome outcome)
    {
        Commitments[] all = [.. Enumerable.Range(0, 4).Select(member =>
        {
            using var dealing = SeededDealing.OfFreshSecret(_room.Seed(member), 3);
            return dealing.Commit();
        })];
        Assert.Equal(Commitments.Sum(all).ToBytes(), outcome.Commitments!.ToBytes());
        _room.Keep();
        _room.AssertSigns(outcome, 0, 1, 3);
    }
}
