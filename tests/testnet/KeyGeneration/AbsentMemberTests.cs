using Bft.Crypto.Threshold;
using Bft.Engine.SharedKeys;
using Bft.Testnet.KeyGeneration;

namespace Bft.Testnet.Tests.KeyGeneration;

/// <summary>A validator that was away when a generation ended: what it can still make up, what it keeps for that, and what it must not do while it executes the past.</summary>
public sealed class AbsentMemberTests : IDisposable
{
    private const int Away = 3;

    private readonly MemberRoom _room = new();

    public void Dispose() => _room.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_went_away_after_announcing_has_its_share_once_it_has_the_blocks_or_a_snapshot(bool snapshot)
    {
        SharedKeyOutcome outcome = FinishWithout();
        Assert.Single(_room.SeedsOf(Away));
        _room.Start(Away);
        if (snapshot)
        {
            _room.Restore(Away, from: 0);
        }
        else
        {
            _room.Runs[Away] = true;
            _room.Block();
        }

        Assert.Equal(SharingRefusal.None, outcome.Commitments!.Check(Away + 1, _room.Stores[Away].Share(outcome.Generation)!.Value));
        Assert.Empty(_room.SeedsOf(Away));
        Assert.Contains("holdsShare = True", Assert.Single(_room.Told, told => told.Member == Away && told.Name == "sharedKey").Content, StringComparison.Ordinal);
    }

    [Fact]
    public void A_seed_stays_until_its_share_is_on_the_disk()
    {
        SharedKeyOutcome outcome = FinishWithout();
        _room.Start(Away);

        // The share cannot be written: a directory lies where its file should be.
        string blocked = Path.Combine(_room.DirectoryOf(Away), SharedKeyStore.SharesName);
        Directory.CreateDirectory(Path.Combine(blocked, "in-the-way"));
        _room.Restore(Away, from: 0);
        Assert.Single(_room.SeedsOf(Away));
        Assert.Contains(_room.Told, told => told.Member == Away && told.Name == "warning");
        Assert.DoesNotContain(_room.Told, told => told.Member == Away && told.Name == "sharedKey");
        Directory.Delete(blocked, recursive: true);
        _room.Runs[Away] = true;
        _room.Block();
        Assert.NotNull(_room.Stores[Away].Share(outcome.Generation));
        Assert.Empty(_room.SeedsOf(Away));
    }

    [Fact]
    public void Who_gets_no_share_is_told_why()
    {
        _room.Runs[Away] = false;
        _room.Call();
        _room.Run();
        _room.Start(Away);
        _room.Restore(Away, from: 0);
        Assert.Contains("announced no key in time", Assert.Single(_room.Told, told => told.Member == Away).Content, StringComparison.Ordinal);

        SharedKeyOutcome second = FinishWithout();
        _room.Stores[Away].EraseSeed(second.Generation);
        _room.Start(Away);
        _room.Restore(Away, from: 0);
        Assert.Contains("seed of this generation is not in this home", _room.Told[^1].Content, StringComparison.Ordinal);
    }

    [Fact]
    public void Whoever_executes_the_past_again_says_nothing_makes_no_seed_and_keeps_its_present_share()
    {
        _room.Call();
        SharedKeyOutcome first = _room.Run();
        _room.Block();
        _room.Call(first.Generation);
        SharedKeyOutcome second = _room.Run();
        _room.Block();
        _room.Block();
        Assert.Equal(SharedKeyStore.NameOf(second.Generation), Assert.Single(_room.Stores[1].Kept()));
        int said = _room.Said.Count;
        _room.Told.Clear();
        _room.Start(1);
        for (ulong height = 1; height <= _room.Height.Value; height++)
        {
            _room.ExecuteNext(1);
            Assert.Empty(_room.SeedsOf(1));
            Assert.NotNull(_room.Stores[1].Share(second.Generation));
        }

        Assert.Equal(said, _room.Said.Count);
        Assert.Contains(second.Generation.ToString(), Assert.Single(_room.Told, told => told.Member == 1).Content, StringComparison.Ordinal);
    }

    [Fact]
    public void A_seed_whose_generation_the_past_does_not_know_yet_survives_the_past()
    {
        _room.Call();
        _room.Run();
        _room.Block();
        SharedKeyOutcome second = FinishWithout();

        // It lost its blocks as well, and executes the first generation again before it comes to the second.
        _room.Start(Away);
        _room.Runs[Away] = true;
        _room.Block();
        Assert.NotNull(_room.Stores[Away].Share(second.Generation));
    }

    [Fact]
    public void Seeds_of_generations_that_ended_unseen_are_erased()
    {
        SharedKeyOutcome unseen = FinishWithout();
        _room.Call();
        SharedKeyOutcome second = _room.Run();
        _room.Start(Away);
        _room.Restore(Away, from: 0);
        Assert.NotEqual(unseen.Generation, second.Generation);
        Assert.Empty(_room.SeedsOf(Away));
        Assert.Empty(_room.Stores[Away].Kept());
    }

    [Fact]
    public void What_is_public_of_the_last_key_lies_beside_the_share()
    {
        _room.Call();
        SharedKeyOutcome outcome = _room.Run();
        for (int i = 0; i < MemberRoom.Nodes; i++)
        {
            PublishedKey published = PublishedKey.Read(Path.Combine(_room.DirectoryOf(i), PublishedKey.FileName));
            Assert.Equal((outcome.Generation, _room.Chain.Id, 3), (published.Generation, published.ChainId, published.Threshold));
            Assert.Equal(outcome.Commitments!.ToBytes(), published.Commitments.SelectMany(point => point).ToArray());
            Assert.All(published.Members, member => Assert.True(member.HoldsShare));
        }
    }

    // Announces with the others and is away from then on.
    private SharedKeyOutcome FinishWithout()
    {
        _room.Runs[Away] = true;
        _room.Call();
        _room.Block();
        Assert.Equal(GenerationPhase.Dealing, _room.Registries[Away].Generation!.Phase);
        _room.Runs[Away] = false;
        SharedKeyOutcome outcome = _room.Run();
        Assert.Null(outcome.Failure);
        _room.Block();
        Assert.Empty(_room.Stores[Away].Kept().Where(name => name == SharedKeyStore.NameOf(outcome.Generation)));
        return outcome;
    }
}
