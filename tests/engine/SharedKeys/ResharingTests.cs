using Bft.Crypto.Bls12381;
using Bft.Crypto.Threshold;
using Bft.Engine.SharedKeys;

namespace Bft.Engine.Tests.SharedKeys;

/// <summary>A shared key goes over to another committee and stays the same key.</summary>
public sealed class ResharingTests
{
    [Theory]
    [InlineData(new[] { 0, 1, 2, 3 })]
    [InlineData(new[] { 3, 1, 4, 5 })]
    [InlineData(new[] { 4, 5, 6, 7, 8, 9, 10 })]
    [InlineData(new[] { 2 })]
    public void Whoever_the_new_committee_is_the_key_stays_and_its_quorum_signs(int[] receivers)
    {
        var room = new GenerationRoom(4, strangers: 7);
        SharedKeyOutcome first = Generate(room);
        byte[] oldShareKey = first.ShareKey(0);
        room.Start(room.Call(reshares: first.Generation, receivers: receivers));
        SharedKeyOutcome second = room.Run();
        Assert.Null(second.Failure);
        Assert.Empty(second.Blamed);
        Assert.Equal(first.Commitments!.GroupKey, second.Commitments!.GroupKey);
        Assert.Equal(first.Generation, second.Reshares);
        Assert.Equal(new Committee(receivers.Length).QuorumSize, second.Threshold);
        Assert.NotEqual(oldShareKey, second.ShareKey(0));
        Assert.Equal(receivers.Order(), room.Keep().Keys.Order());
        room.AssertSigns(second, [.. receivers.Reverse().Take(second.Threshold)]);
        if (second.Threshold > 1)
        {
            room.AssertSigns(second, [.. receivers.Take(second.Threshold - 1)]);
        }
    }

    [Fact]
    public void Who_deals_another_secret_than_its_share_is_blamed_and_the_others_suffice()
    {
        var room = new GenerationRoom(4);
        SharedKeyOutcome first = Generate(room);
        room.Start(room.Call(reshares: first.Generation));
        room.Instead = (member, honest, message) =>
        {
            if (member != 1 || message.Kind != SharedKeyMessageKind.Deal)
            {
                return honest;
            }

            using var dealing = SeededDealing.OfShare(room.Seed(1), 3, room.Share(1)!.Value + Scalar.One);
            return room.Sign(1, SharedKeyMessageKind.Deal, [.. dealing.Commit().ToBytes(), .. message.Content.Span[(3 * 96)..]]);
        };
        SharedKeyOutcome second = room.Run();
        Assert.Equal([(1, BlameReason.OtherSecret)], GenerationRoom.Names(second));
        Assert.Equal(first.Commitments!.GroupKey, second.Commitments!.GroupKey);
        room.Keep();
        room.AssertSigns(second, 0, 2, 3);
    }

    [Fact]
    public void Who_seals_wrong_shares_is_out_and_too_few_dealers_fail_it_with_the_old_key_in_effect()
    {
        var room = new GenerationRoom(4);
        SharedKeyOutcome first = Generate(room);
        room.Start(room.Call(reshares: first.Generation));
        room.Silent = (member, phase) => member <= 1 && phase == GenerationPhase.Dealing;
        SharedKeyOutcome second = room.Run();
        Assert.Contains("2 dealers qualified, 3 are needed", second.Failure, StringComparison.Ordinal);
        Assert.Equal([(0, BlameReason.NoDealing), (1, BlameReason.NoDealing)], GenerationRoom.Names(second));
        Assert.Same(first, room.Registry.View.ActiveAt(new Height(10_000)));
    }

    [Fact]
    public void A_share_that_is_reshared_has_no_blinding()
    {
        var room = new GenerationRoom(4);
        SharedKeyOutcome first = Generate(room);
        room.Start(room.Call(reshares: first.Generation));
        room.Instead = (member, honest, message) =>
        {
            if (member != 1 || message.Kind is not (SharedKeyMessageKind.Deal or SharedKeyMessageKind.Answer))
            {
                return honest;
            }

            if (message.Kind == SharedKeyMessageKind.Deal)
            {
                byte[] content = message.Content.ToArray();
                content[(3 * 96) + 32] ^= 1;
                return room.Sign(1, SharedKeyMessageKind.Deal, content);
            }

            using var dealing = SeededDealing.OfShare(room.Seed(1), 3, room.Share(1)!.Value);
            return room.Sign(1, SharedKeyMessageKind.Answer, Generation.EncodeShares([(0, dealing.At(1) with { Blinding = Scalar.One })]));
        };
        Assert.Equal([(1, BlameReason.WrongAnswer)], GenerationRoom.Names(room.Run()));
    }

    [Fact]
    public void The_old_key_is_in_effect_until_the_new_one_is()
    {
        var room = new GenerationRoom(4);
        SharedKeyOutcome first = Generate(room);
        room.Start(room.Call(reshares: first.Generation) with { EffectHeight = new Height(500) });
        SharedKeyOutcome second = room.Run();
        Assert.Equal(new Height(500), second.EffectHeight);
        Assert.Same(first, room.Registry.View.ActiveAt(new Height(499)));
        Assert.Same(second, room.Registry.View.ActiveAt(new Height(500)));
    }

    [Fact]
    public void Only_the_last_key_can_be_shared_anew()
    {
        var room = new GenerationRoom(4);
        SharedKeyOutcome first = Generate(room);
        room.Start(room.Call(reshares: first.Generation));
        room.Run();
        Assert.Equal(SharedKeyCodes.Refused, room.Say(room.Participants[0].Call(0, room.Call(reshares: first.Generation), room.Registry.View.Last)));
    }

    private static SharedKeyOutcome Generate(GenerationRoom room)
    {
        room.Start(room.Call());
        SharedKeyOutcome outcome = room.Run();
        Assert.Null(outcome.Failure);
        room.Keep();
        return outcome;
    }
}
