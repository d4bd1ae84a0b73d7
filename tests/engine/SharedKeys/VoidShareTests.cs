using Bft.Crypto.Bls12381;
using Bft.Crypto.Certificates;
using Bft.Crypto.Threshold;
using Bft.Engine.SharedKeys;

namespace Bft.Engine.Tests.SharedKeys;

/// <summary>
/// A member that deals last has opened what the others dealt to it, so it can choose what its own share comes to: 0, or the share of another that it agrees with. No scheme takes such keys.
/// </summary>
public sealed class VoidShareTests
{
    private const int Traitor = 2;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_member_that_makes_its_own_share_zero_does_not_get_a_key_finished_that_no_chain_can_use(bool reshared)
    {
        var room = new GenerationRoom();
        room.Start(room.Call());
        if (reshared)
        {
            SharedKeyOutcome first = room.Run();
            Assert.Equal(4, room.Keep().Count);
            room.Start(room.Call(reshares: first.Generation));
        }

        DealLast(room, Traitor, () =>
        {
            Scalar rest = Rest(room, Traitor, Traitor, reshared);
            if (!reshared)
            {
                return [-rest - Scalar.FromInteger(12), Scalar.One, Scalar.One];
            }

            Scalar value = -rest * Scalar.Invert(Weights()[Traitor]), share = room.Share(Traitor)!.Value;
            return [share, (value - share - Scalar.FromInteger(9)) * Scalar.Invert(Scalar.FromInteger(3)), Scalar.One];
        });
        AssertNoVoidKey(room.Run(), Traitor);
    }

    [Fact]
    public void Members_that_give_themselves_one_share_are_found()
    {
        var room = new GenerationRoom(7);
        room.Start(room.Call());
        DealLast(room, 6, () =>
        {
            // f(6) + rest(6) = f(7) + rest(7) = 1.
            Scalar at6 = Scalar.One - Rest(room, 6, 5, false), at7 = Scalar.One - Rest(room, 6, 6, false), slope = at7 - at6;
            return [at6 - (Scalar.FromInteger(6) * slope), slope, Scalar.Zero, Scalar.Zero, Scalar.Zero];
        });
        AssertNoVoidKey(room.Run(), 5, 6);
    }

    private static void AssertNoVoidKey(SharedKeyOutcome outcome, params int[] receivers)
    {
        if (outcome.Failure is null)
        {
            var keys = new CommitteeKeys([.. Enumerable.Range(0, outcome.Receivers.Length).Select(place => (ReadOnlyMemory<byte>)outcome.ShareKey(place))], outcome.Threshold) { Commitments = outcome.Commitments!.Encode() };
            _ = BlsThresholdScheme.TryCreate(keys, out KeyRefusal? refusal);
            Assert.Fail($"The generation is done, and its key is refused: {refusal}.");
        }

        Assert.Contains("no key", outcome.Failure, StringComparison.Ordinal);
        Assert.Equal(receivers, outcome.Blamed.Where(blame => blame is { IsReceiver: true, Reason: BlameReason.VoidShare }).Select(blame => blame.Place));
        Assert.NotNull(SharedKeyOutcome.Decode(outcome.Encode()));
    }

    private static Scalar[] Weights()
    {
        var weights = new Scalar[3];
        Assert.Equal(SharingRefusal.None, Lagrange.TryWeights([1, 2, 3], weights));
        return weights;
    }

    // What a receiver's share comes to without that dealer.
    private static Scalar Rest(GenerationRoom room, int without, int receiver, bool reshared)
    {
        Scalar sum = Scalar.Zero;
        using var box = ShareBox.ToReceive(room.Seed(receiver));
        for (int dealer = 0; dealer < (reshared ? 3 : room.Generation.Dealers.Length); dealer++)
        {
            if (dealer != without)
            {
                (ReadOnlyMemory<byte> ephemeral, ReadOnlyMemory<byte> sealedShare) = room.Generation.SealedShare(dealer, receiver)!.Value;
                Assert.True(box.TryOpen(ephemeral.Span, room.Generation.SealContext(dealer, receiver), sealedShare.Span, out PedersenShare share));
                sum += reshared ? Weights()[dealer] * share.Value : share.Value;
            }
        }

        return sum;
    }

    // The dealer waits for the others' dealings, and then deals this polynomial; every share fits.
    private static void DealLast(GenerationRoom room, int dealer, Func<Scalar[]> choose)
    {
        bool waited = false;
        room.Instead = (member, honest, message) =>
        {
            if (member != dealer || message.Kind is not (SharedKeyMessageKind.Deal or SharedKeyMessageKind.Extract))
            {
                return honest;
            }

            if (message.Kind == SharedKeyMessageKind.Extract || !waited)
            {
                waited = true;
                return null;
            }

            Scalar[] value = choose();
            Scalar[] blinding = [.. value.Select((_, k) => room.Generation.Call.IsResharing ? Scalar.Zero : Scalar.FromInteger(5 + (ulong)k))];
            var content = new List<byte>();
            for (int k = 0; k < value.Length; k++)
            {
                content.AddRange((G2Point.Multiply(G2Point.Generator, value[k]) + G2Point.Multiply(PedersenBase.H, blinding[k])).ToBytes());
            }

            using var ephemeral = ShareBox.ToSeal(room.Seed(dealer));
            content.AddRange(ephemeral.PublicKey.ToArray());
            foreach (int receiver in room.Generation.Holders.ToArray())
            {
                content.AddRange(ephemeral.Seal(
                    room.Generation.BoxOf(receiver)!.Value.Span, room.Generation.SealContext(dealer, receiver), new PedersenShare(At(value, receiver + 1), At(blinding, receiver + 1))));
            }

            return room.Sign(dealer, SharedKeyMessageKind.Deal, [.. content]);
        };
    }

    private static Scalar At(Scalar[] polynomial, int index) =>
        polynomial.Reverse().Aggregate(Scalar.Zero, (sum, coefficient) => (sum * Scalar.FromInteger((ulong)index)) + coefficient);
}
