using Bft.Engine.Shared;
using Bft.Engine.SharedKeys;

namespace Bft.Engine.Tests.SharedKeys;

/// <summary>How long a phase must last so that an honest word is in the log before it ends.</summary>
public sealed class PhaseLengthTests
{
    private readonly GenerationRoom _room = new();

    [Theory]
    [InlineData(1, 5)]
    [InlineData(4, 9)]
    [InlineData(7, 13)]
    [InlineData(100, 137)]
    public void The_shortest_phase_outlasts_the_way_into_the_log_and_f_leaders_in_a_row(int members, int heights)
    {
        var committee = new Committee(members);
        Assert.Equal(heights, GenerationCall.LeastPhaseBlocks(committee));
        Assert.Equal((ulong)GenerationCall.HeightsOfALeader, new TenureElection(committee).TenureViews);
        Assert.True(GenerationCall.SuggestedPhaseBlocks(committee) > GenerationCall.LeastPhaseBlocks(committee));
    }

    [Fact]
    public void A_call_for_shorter_phases_is_refused_by_name_however_many_call()
    {
        int least = GenerationCall.LeastPhaseBlocks(_room.Chain.Committee);
        foreach (int length in new[] { 1, least - 1 })
        {
            Assert.All(Enumerable.Range(0, 4), member => Assert.Equal(SharedKeyCodes.PhaseTooShort, _room.Say(_room.Participants[member].Call(member, _room.Call(length), default))));
        }

        _room.Registry.EndHeight(new Height(1));
        _room.Registry.EndHeight(new Height(2));
        Assert.Null(_room.Registry.Generation);
        Assert.Contains("too short", SharedKeyCodes.Describe(SharedKeyCodes.PhaseTooShort), StringComparison.Ordinal);
        _room.Start(_room.Call(least));
        Assert.True(_room.Generation.IsRunning);
    }

    // Words reach the log so many heights after the phase began: five at the best, and four more for a faulty leader that leaves them out.
    [Theory]
    [InlineData(9, 9, true)]
    [InlineData(9, 8, false)]
    [InlineData(5, 5, true)]
    [InlineData(5, 4, false)]
    public void A_phase_of_the_shortest_length_makes_a_key_and_one_of_a_height_less_none(int delay, int length, bool succeeds)
    {
        var generation = new Generation(_room.Chain, _room.Chain.Id, _room.Call(length), [.. _room.Identities], [.. _room.Identities], null, null, default);
        byte[][] seeds = [.. Enumerable.Range(1, 4).Select(i => Enumerable.Repeat((byte)i, 32).ToArray())];
        Height began = default;
        for (ulong height = 1; generation.IsRunning; height++)
        {
            GenerationPhase phase = generation.Phase;
            if (height == began.Value + (ulong)delay)
            {
                // Member 3 is the faulty one: silent.
                for (int member = 0; member < 3; member++)
                {
                    if (_room.Participants[member].Next(generation, seeds[member]) is { } word)
                    {
                        Assert.Equal(SharedKeyCodes.Ok, generation.Apply(SharedKeyMessage.Decode(word, out _)!).Code);
                    }
                }
            }

            generation.EndHeight(new Height(height));
            began = generation.Phase != phase ? new Height(height) : began;
        }

        Assert.Equal(succeeds, generation.Outcome!.Failure is null);
    }
}
