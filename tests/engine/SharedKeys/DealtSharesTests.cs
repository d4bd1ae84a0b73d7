using Bft.Crypto.Bls12381;
using Bft.Crypto.Threshold;
using Bft.Engine.Execution;
using Bft.Engine.SharedKeys;

namespace Bft.Engine.Tests.SharedKeys;

/// <summary>A receiver that was away when a key was finished, and makes up its share from the state.</summary>
public sealed class DealtSharesTests
{
    private const int Away = 2;

    private readonly GenerationRoom _room = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whoever_announced_and_went_away_computes_its_share_from_a_snapshot_of_the_state(bool reshared)
    {
        if (reshared)
        {
            _room.Start(_room.Call());
            _room.Run();
            _room.Keep();
        }

        _room.Start(_room.Call(reshares: reshared ? _room.Registry.View.Key!.Generation : default));
        _room.Silent = (member, phase) => member == Away && phase > GenerationPhase.Announcing;
        SharedKeyOutcome outcome = _room.Run();
        Assert.Null(outcome.Failure);
        SharedKeyRegistry restored = Restored();
        Assert.Equal(SharingRefusal.None, outcome.Commitments!.Check(Away + 1, Share(restored, _room.Seed(Away), out MissingShare missing)!.Value));
        Assert.Equal(MissingShare.None, missing);
        Assert.Equal(4, _room.Keep().Count);
        _room.AssertSigns(outcome, 0, 1, Away);
    }

    [Fact]
    public void What_a_dealer_had_to_answer_counts_in_place_of_what_it_sealed()
    {
        _room.Start(_room.Call());
        _room.Instead = (member, honest, message) => member == 0 && message.Kind == SharedKeyMessageKind.Deal ? SpoilFor(Away, message) : honest;
        SharedKeyOutcome outcome = _room.Run();
        Assert.Empty(outcome.Blamed);
        Assert.Equal(SharingRefusal.None, outcome.Commitments!.Check(Away + 1, Share(Restored(), _room.Seed(Away), out _)!.Value));
    }

    [Fact]
    public void Who_has_no_share_is_told_why()
    {
        var room = new GenerationRoom(7, strangers: 1);
        room.Start(room.Call());
        room.Silent = (member, phase) => member == 1 || (member == Away && phase > GenerationPhase.Announcing);
        room.Instead = (member, honest, message) => member == 0 && message.Kind == SharedKeyMessageKind.Deal ? SpoilFor(Away, message, room) : honest;
        SharedKeyOutcome outcome = room.Run();
        Assert.Null(outcome.Failure);
        Assert.Equal(MissingShare.NotAnnounced, Missing(1, room.Seed(1)));
        Assert.Equal(MissingShare.NoReceiver, Missing(7, room.Seed(7)));
        Assert.Equal(MissingShare.NoSeed, Missing(0, []));
        Assert.Equal(MissingShare.DoesNotFit, Missing(0, room.Seed(3)));

        // Nobody spoke for the one that was away: the dealer that sealed rubbish to it was not accused.
        Assert.Equal(MissingShare.DoesNotFit, Missing(Away, room.Seed(Away)));
        Assert.Equal(MissingShare.None, Missing(3, room.Seed(3)));
        Assert.All(Enum.GetValues<MissingShare>(), missing => Assert.Equal(missing == MissingShare.None, missing.Describe() is null));

        MissingShare Missing(int member, byte[] seed)
        {
            Scalar? share = room.Participants[member].FinalShare(outcome, room.Registry.Dealt!, seed, out MissingShare missing);
            Assert.Equal(missing == MissingShare.None, share is not null);
            return missing;
        }
    }

    [Fact]
    public void Shares_that_open_and_do_not_add_up_to_the_share_of_the_key_are_none()
    {
        _room.Start(_room.Call());
        _room.Silent = (member, phase) => member == Away && phase > GenerationPhase.Announcing;
        _room.Instead = (member, honest, message) =>
        {
            if (member != 0 || message.Kind != SharedKeyMessageKind.Deal)
            {
                return honest;
            }

            // The receiver is not there to complain of a share that is one too large.
            using SeededDealing dealing = SeededDealing.OfFreshSecret(_room.Seed(0), 3);
            using var ephemeral = ShareBox.ToSeal(_room.Seed(0));
            PedersenShare share = dealing.At(Away + 1);
            byte[] content = message.Content.ToArray();
            ephemeral.Seal(_room.Generation.BoxOf(Away)!.Value.Span, _room.Generation.SealContext(0, Away), share with { Value = share.Value + Scalar.One })
                .CopyTo(content, (3 * G2Point.CompressedLength) + ShareBox.PublicKeyBytes + (Away * ShareBox.SealedBytes));
            return _room.Sign(0, SharedKeyMessageKind.Deal, content);
        };
        Assert.Null(_room.Run().Failure);
        Assert.Null(Share(Restored(), _room.Seed(Away), out MissingShare missing));
        Assert.Equal(MissingShare.DoesNotFit, missing);
    }

    [Fact]
    public void A_state_with_another_dealing_has_another_root()
    {
        _room.Start(_room.Call());
        _room.Run();
        byte[] content = Snapshot(_room.Registry);
        SharedKeyRegistry restored = Restored();
        Assert.Equal(content, Snapshot(restored));
        Assert.Equal(_room.Registry.Root, restored.Root);
        byte[] dealt = _room.Registry.Dealt!.Encode();
        int start = content.AsSpan().IndexOf(dealt);
        Assert.True(start > 0);
        var random = new Random(7);
        for (int round = 0; round < 60; round++)
        {
            byte[] changed = [.. content];
            changed[start + random.Next(dealt.Length)] ^= (byte)(1 << random.Next(8));
            Assert.Throws<InvalidDataException>(() => Read(changed));
        }

        Assert.Throws<InvalidDataException>(() => Read([.. content.AsSpan(0, start - 4), 0, 0, 0, 0, .. content.AsSpan(start + dealt.Length)]));
    }

    [Fact]
    public void What_was_dealt_is_kept_for_the_last_key_alone_and_a_failure_takes_nothing_away()
    {
        _room.Start(_room.Call());
        _room.Run();
        byte[] first = _room.Registry.Dealt!.Encode();
        SharedKeyOutcome key = _room.Registry.View.Key!;
        Assert.True(first.Length <= DealtShares.MostBytes(key));
        Assert.Equal(first, DealtShares.Decode(first, key)!.Encode());
        Assert.Null(DealtShares.Decode((byte[])[.. first, 0], key));
        Assert.Null(DealtShares.Decode(first, key with { Generation = default }));
        _room.Silent = (_, _) => true;
        _room.Start(_room.Call());
        _room.Run();
        Assert.NotNull(_room.Registry.View.Failure);
        Assert.Equal(first, _room.Registry.Dealt!.Encode());
        _room.Silent = (_, _) => false;
        _room.Start(_room.Call());
        SharedKeyOutcome second = _room.Run();
        Assert.Equal(second.Generation, _room.Registry.Dealt!.Generation);
        Assert.Equal(first.Length, _room.Registry.Dealt.Encode().Length);
    }

    private Scalar? Share(SharedKeyRegistry registry, byte[] seed, out MissingShare missing) =>
        _room.Participants[Away].FinalShare(registry.View.Key!, registry.Dealt!, seed, out missing);

    private SharedKeyRegistry Restored() => Read(Snapshot(_room.Registry));

    private SharedKeyRegistry Read(byte[] content)
    {
        var registry = new SharedKeyRegistry(_room.Chain, [.. _room.Identities.Take(4)]);
        registry.Read(new SnapshotReader(new MemoryStream(content)), _room.Registry.Root, _room.Height);
        return registry;
    }

    private static byte[] Snapshot(SharedKeyRegistry registry)
    {
        using var stream = new MemoryStream();
        var writer = new SnapshotWriter(stream);
        registry.Write(writer);
        writer.Flush();
        return stream.ToArray();
    }

    private byte[] SpoilFor(int receiver, SharedKeyMessage deal, GenerationRoom? room = null)
    {
        room ??= _room;
        int place = room.Generation.Holders.ToArray().Count(holder => holder < receiver);
        byte[] content = deal.Content.ToArray();
        content[(room.Generation.ReceiverCommittee.QuorumSize * G2Point.CompressedLength) + ShareBox.PublicKeyBytes + (place * ShareBox.SealedBytes)] ^= 1;
        return room.Sign(0, SharedKeyMessageKind.Deal, content);
    }
}
