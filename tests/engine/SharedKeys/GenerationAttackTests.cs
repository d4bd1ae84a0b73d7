using Bft.Crypto;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Signatures;
using Bft.Crypto.Threshold;
using Bft.Engine.SharedKeys;

namespace Bft.Engine.Tests.SharedKeys;

/// <summary>What f members and whoever orders commands may try for the key itself, against honest members' names and shares, and against the executor's time.</summary>
public sealed class GenerationAttackTests
{
    private const int Traitor = 2;
    private const int Late = 3;

    private readonly GenerationRoom _room = new();

    [Fact]
    public void A_dealer_cannot_choose_the_key_when_one_objection_comes_too_late()
    {
        // Commitments that agree with the dealt shares of members 0 and 1 may have any value at 0: the key would be the traitor's. Only member 3 could object.
        _room.Start(_room.Call());
        _room.Silent = (member, phase) => (member == Late && phase == GenerationPhase.Objecting) || (member == Traitor && phase > GenerationPhase.Extracting);
        _room.Instead = (member, honest, message) => member == Traitor && message.Kind == SharedKeyMessageKind.Extract
            ? _room.Sign(Traitor, SharedKeyMessageKind.Extract, [.. Shifted(message.Content.Span[..(3 * 96)]), .. message.Content.Span[(3 * 96)..]])
            : honest;
        SharedKeyOutcome outcome = _room.Run();
        Assert.Contains((Traitor, BlameReason.WrongExtraction), GenerationRoom.Names(outcome));
        Assert.Equal(SumOfAll().ToBytes(), outcome.Commitments!.ToBytes());
    }

    [Fact]
    public void Whoever_keeps_the_honest_extractions_from_the_log_does_not_have_the_key_published()
    {
        _room.Start(_room.Call());
        _room.Silent = (member, phase) => member != Traitor && phase == GenerationPhase.Extracting;
        SharedKeyOutcome outcome = _room.Run();
        Assert.Contains("3 of 4 dealers published no commitments that hold", outcome.Failure, StringComparison.Ordinal);
        Assert.DoesNotContain(_room.Log, said => SharedKeyMessage.Decode(said.Command, out _)!.Kind == SharedKeyMessageKind.Reveal);
    }

    [Fact]
    public void Fewer_than_a_quorum_of_verdicts_qualify_nobody()
    {
        _room.Start(_room.Call());
        _room.Silent = (member, phase) => member >= 2 && phase == GenerationPhase.Complaining;
        Assert.Contains("2 receivers gave a verdict, 3 are needed", _room.Run().Failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_announces_the_key_of_another_before_it_takes_nothing_from_it()
    {
        _room.Start(_room.Call());
        SharedKeyMessage victim = SharedKeyMessage.Decode(_room.Participants[Late].Next(_room.Generation, _room.Seed(Late))!, out _)!;
        Assert.Equal(SharedKeyCodes.Ok, _room.Say(_room.Sign(Traitor, SharedKeyMessageKind.Announce, victim.Content.Span)));
        SharedKeyOutcome outcome = _room.Run();
        Assert.All(outcome.Blamed, blame => Assert.Equal(Traitor, blame.Place));
        _room.Keep();
        _room.AssertSigns(outcome, 0, 1, Late);
    }

    [Fact]
    public void Calls_of_a_generation_that_ended_cannot_be_said_again_by_anybody()
    {
        _room.Start(_room.Call());
        byte[][] calls = [.. _room.Log.Select(said => said.Command)];
        _room.Run();
        Assert.All(calls, call => Assert.Equal(SharedKeyCodes.OtherGeneration, _room.Say(call)));
        _room.Silent = (_, phase) => phase == GenerationPhase.Announcing;
        _room.Start(_room.Call());
        _room.Run();
        Assert.Equal(_room.Registry.View.Failure!.Generation, _room.Registry.View.Last);
        Assert.All(calls, call => Assert.Equal(SharedKeyCodes.OtherGeneration, _room.Say(call)));
    }

    [Fact]
    public void Earlier_calls_that_others_repeat_neither_take_back_the_last_one_nor_use_up_its_author()
    {
        byte[] mistaken = _room.Participants[0].Call(0, _room.Call(phaseBlocks: 12), Digest.None), meant = _room.Participants[0].Call(0, _room.Call(), Digest.None);
        Assert.Equal(SharedKeyCodes.Ok, _room.Say(mistaken));
        Assert.Equal(SharedKeyCodes.Ok, _room.Say(meant));
        for (int i = 0; i < SharedKeyRegistry.MostCalls; i++)
        {
            Assert.Equal(SharedKeyCodes.AlreadySaid, _room.Say(mistaken));
            Assert.Equal(SharedKeyCodes.AlreadySaid, _room.Say(meant));
        }

        Assert.Equal(SharedKeyCodes.Ok, _room.Say(_room.Participants[1].Call(1, _room.Call(), Digest.None)));
        _room.Registry.EndHeight(new Height(1));
        Assert.Equal(9, _room.Generation.Call.PhaseBlocks);
        for (int i = 1; i <= SharedKeyRegistry.MostCalls; i++)
        {
            Assert.Equal(SharedKeyCodes.OtherGeneration, _room.Say(_room.Participants[1].Call(1, _room.Call(phaseBlocks: 20 + i), Digest.None)));
        }
    }

    [Fact]
    public void A_validator_has_so_many_calls_and_no_more()
    {
        for (int i = 1; i <= SharedKeyRegistry.MostCalls; i++)
        {
            Assert.Equal(SharedKeyCodes.Ok, _room.Say(_room.Participants[1].Call(1, _room.Call(phaseBlocks: 20 + i), Digest.None)));
        }

        Assert.Equal(SharedKeyCodes.Refused, _room.Say(_room.Participants[1].Call(1, _room.Call(phaseBlocks: 100), Digest.None)));
    }

    [Theory]
    [InlineData(SharedKeyMessageKind.Deal)]
    [InlineData(SharedKeyMessageKind.Extract)]
    public void What_was_refused_after_checking_points_is_not_checked_again(SharedKeyMessageKind kind)
    {
        _room.Start(_room.Call());
        byte codes = 0;
        _room.Instead = (member, honest, message) =>
        {
            if (member != Traitor || message.Kind != kind)
            {
                return honest;
            }

            byte[] content = message.Content.ToArray();
            content[(2 * 96) + 5] ^= 1;
            byte[] wrong = _room.Sign(Traitor, kind, content);
            Assert.Equal(SharedKeyCodes.Refused, _room.Say(wrong));
            Assert.Equal(SharedKeyCodes.AlreadySaid, _room.Say(wrong));
            codes++;
            return honest;
        };
        SharedKeyOutcome outcome = _room.Run();
        Assert.Equal(1, codes);
        Assert.Equal([(Traitor, kind == SharedKeyMessageKind.Deal ? BlameReason.MalformedDealing : BlameReason.MalformedExtraction)], GenerationRoom.Names(outcome));
    }

    [Fact]
    public void A_share_that_opens_and_does_not_fit_is_accused()
    {
        _room.Start(_room.Call());
        _room.Instead = (member, honest, message) => member == Traitor && message.Kind == SharedKeyMessageKind.Deal ? SealsWrongly(message) : honest;
        _room.StepUntil(GenerationPhase.Answering);
        Assert.Equal(ReplicaSet.Of(0), _room.Generation.AccusersOf(Traitor));
        SharedKeyOutcome outcome = _room.Run();
        Assert.Empty(outcome.Blamed);
        Assert.Equal(4, _room.Keep().Count);
        _room.AssertSigns(outcome, 0, 1, 3);
    }

    [Fact]
    public void A_wrong_answer_cannot_be_corrected()
    {
        _room.Start(_room.Call());
        bool answered = false;
        _room.Instead = (member, honest, message) =>
        {
            if (member != Traitor || message.Kind is not (SharedKeyMessageKind.Deal or SharedKeyMessageKind.Answer))
            {
                return honest;
            }

            if (message.Kind == SharedKeyMessageKind.Deal)
            {
                return SealsWrongly(message);
            }

            byte[] content = message.Content.ToArray();
            content[^1] ^= 1;
            Assert.Equal(SharedKeyCodes.Refused, _room.Say(_room.Sign(Traitor, SharedKeyMessageKind.Answer, content)));
            Assert.Equal(SharedKeyCodes.AlreadySaid, _room.Say(honest));
            answered = true;
            return null;
        };
        Assert.Equal([(Traitor, BlameReason.WrongAnswer)], GenerationRoom.Names(_room.Run()));
        Assert.True(answered);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void A_dealing_of_another_degree_is_malformed(int quorum)
    {
        _room.Start(_room.Call());
        _room.Instead = (member, honest, message) =>
        {
            if (member != Traitor || message.Kind != SharedKeyMessageKind.Deal)
            {
                return honest;
            }

            using SeededDealing other = SeededDealing.OfFreshSecret(_room.Seed(Traitor), quorum);
            return _room.Sign(Traitor, SharedKeyMessageKind.Deal, [.. other.CommitHiding().Encode(), .. message.Content.Span[(3 * 96)..]]);
        };
        Assert.Equal([(Traitor, BlameReason.MalformedDealing)], GenerationRoom.Names(_room.Run()));
    }

    [Fact]
    public void Words_of_another_generation_or_chain_are_not_signed_for_this_one()
    {
        _room.Start(_room.Call());
        _room.Run();
        byte[][] before = [.. _room.Log.Select(said => said.Command)];
        _room.Start(_room.Call());
        var foreign = new Chain(HashFunction.Sha256.Hash("another"u8), "another", new Committee(4), HashFunction.Sha256);
        for (int i = 0; _room.Generation.IsRunning && i < 20; i++)
        {
            foreach (byte[] command in before)
            {
                byte[] moved = [.. command];
                _room.Generation.Id.ToArray().CopyTo(moved, SharedKeyMessage.Magic.Length + 1);
                Assert.Contains(_room.Say(moved), new[] { SharedKeyCodes.WrongSignature, SharedKeyCodes.WrongPhase, SharedKeyCodes.OtherGeneration, SharedKeyCodes.NotConcerned });
            }

            if (_room.Generation.Phase == GenerationPhase.Announcing)
            {
                using ISigner signer = Ed25519Scheme.Instance.CreateSigner([.. Enumerable.Repeat((byte)1, 32)]);
                Assert.Equal(SharedKeyCodes.WrongSignature, _room.Say(new GenerationParticipant(foreign, signer).Next(_room.Generation, _room.Seed(0))!));
            }

            _room.Step();
        }

        Assert.Null(_room.Generation.Outcome!.Failure);
    }

    [Fact]
    public void A_word_at_the_deadline_counts_and_the_phase_ends_with_that_height()
    {
        _room.Start(_room.Call());
        Assert.Equal(new Height(10), _room.Generation.Deadline);
        _room.Silent = (member, phase) => member == 1 || (member == Traitor && phase == GenerationPhase.Announcing && _room.Height < _room.Generation.Deadline);
        while (_room.Height < new Height(9))
        {
            _room.Step();
            Assert.Equal(GenerationPhase.Announcing, _room.Generation.Phase);
        }

        _room.Step();
        Assert.Equal((GenerationPhase.Dealing, new Height(19)), (_room.Generation.Phase, _room.Generation.Deadline));
        Assert.Equal(ReplicaSet.Of(0, 2, 3), _room.Generation.Holders);
    }

    [Fact]
    public void An_outcome_among_nobody_or_with_more_needed_than_there_are_is_none()
    {
        _room.Start(_room.Call());
        SharedKeyOutcome outcome = _room.Run();
        Assert.NotNull(SharedKeyOutcome.Decode(outcome.Encode()));
        Assert.Null(SharedKeyOutcome.Decode((outcome with { Receivers = [], Holders = ReplicaSet.Empty }).Encode()));
        Assert.Null(SharedKeyOutcome.Decode((outcome with { Receivers = [.. outcome.Receivers.Take(2)], Holders = ReplicaSet.FirstOf(2) }).Encode()));
        Assert.Null(SharedKeyOutcome.Decode((outcome with { Holders = ReplicaSet.FirstOf(5) }).Encode()));
    }

    // A + g^{(x - 1)(x - 2)}: the same at indices 1 and 2, another secret at 0.
    private static byte[] Shifted(ReadOnlySpan<byte> commitments)
    {
        ulong[] root = [2, 3, 1];
        var shifted = new List<byte>();
        for (int k = 0; k < root.Length; k++)
        {
            Assert.Equal(BlsRefusal.None, G2Point.Read(commitments.Slice(k * 96, 96), out G2Point point));
            var coefficient = Scalar.FromInteger(root[k]);
            shifted.AddRange((point + G2Point.Multiply(G2Point.Generator, k == 1 ? -coefficient : coefficient)).ToBytes());
        }

        return [.. shifted];
    }

    private byte[] SealsWrongly(SharedKeyMessage deal)
    {
        using SeededDealing dealing = SeededDealing.OfFreshSecret(_room.Seed(Traitor), 3);
        using var ephemeral = ShareBox.ToSeal(_room.Seed(Traitor));
        PedersenShare share = dealing.At(1);
        byte[] content = deal.Content.ToArray();
        ephemeral.Seal(_room.Generation.BoxOf(0)!.Value.Span, _room.Generation.SealContext(Traitor, 0), share with { Value = share.Value + Scalar.One }).CopyTo(content, (3 * 96) + 32);
        return _room.Sign(Traitor, SharedKeyMessageKind.Deal, content);
    }

    private Commitments SumOfAll() => Commitments.Sum([.. Enumerable.Range(0, 4).Select(member =>
    {
        using SeededDealing dealing = SeededDealing.OfFreshSecret(_room.Seed(member), 3);
        return dealing.Commit();
    })]);
}
