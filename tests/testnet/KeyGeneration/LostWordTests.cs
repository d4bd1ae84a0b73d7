using Bft.Engine.SharedKeys;

namespace Bft.Testnet.Tests.KeyGeneration;

/// <summary>Words that are lost on their way into the log are said again, and again the same.</summary>
public sealed class LostWordTests : IDisposable
{
    private readonly MemberRoom _room = new();

    public void Dispose() => _room.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_pool_that_loses_or_refuses_the_first_attempt_of_each_word_costs_nobody_its_share(bool refuses)
    {
        var tried = new HashSet<(int, SharedKeyMessageKind)>();
        _room.Pool = word => !tried.Add((word.Sender, word.Kind)) ? true : refuses ? false : null;
        _room.Call();
        SharedKeyOutcome outcome = _room.Run();
        Assert.Null(outcome.Failure);
        Assert.Empty(outcome.Blamed);
        Assert.Equal(MemberRoom.Nodes, outcome.Holders.Count);
        Assert.Equal(20, tried.Count);
        Assert.All(_room.Stores, store => Assert.NotNull(store.Share(outcome.Generation)));
        AssertNobodyContradictsItself();
    }

    [Fact]
    public void What_is_said_again_after_a_crash_is_what_was_said_before()
    {
        var tried = new HashSet<(int, SharedKeyMessageKind)>();
        _room.Pool = word => tried.Add((word.Sender, word.Kind)) ? null : true;
        _room.Call();
        for (int i = 0; _room.Registries[0].Generation!.IsRunning && i < 100; i++)
        {
            // The process of validator 1 dies at every height, and has its state from another.
            _room.Start(1);
            _room.Restore(1, from: 0);
            _room.Block();
        }

        Assert.Empty(_room.Registries[0].View.Key!.Blamed);
        Assert.NotNull(_room.Stores[1].Share(_room.Registries[0].View.Key!.Generation));
        AssertNobodyContradictsItself();
    }

    [Fact]
    public void A_word_that_never_gets_through_is_said_less_and_less_often_and_no_more_when_the_phase_is_over()
    {
        _room.Pool = word => word.Sender == 3 ? null : true;
        _room.Call();
        SharedKeyOutcome outcome = _room.Run();
        Assert.Null(outcome.Failure);
        int[] counts = [.. _room.Said.Select(command => SharedKeyMessage.Decode(command, out _)!).Where(word => word.Sender == 3).GroupBy(word => word.Kind).Select(same => same.Count())];

        // In a phase of 9 heights: at once and after 5. Once it is over, nothing is said any more.
        Assert.All(counts, count => Assert.InRange(count, 1, 2));
        int said = _room.Said.Count;
        for (int i = 0; i < 20; i++)
        {
            _room.Block();
        }

        Assert.Equal(said, _room.Said.Count);
        AssertNobodyContradictsItself();
    }

    private void AssertNobodyContradictsItself() =>
        Assert.All(
            _room.Said.GroupBy(command => (SharedKeyMessage.Decode(command, out _)!.Generation, SharedKeyMessage.Decode(command, out _)!.Sender, SharedKeyMessage.Decode(command, out _)!.Kind)),
            same => Assert.Single(same.DistinctBy(command => Convert.ToHexString(command))));
}
