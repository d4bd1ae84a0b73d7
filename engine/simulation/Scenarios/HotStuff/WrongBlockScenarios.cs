using Bft.Engine;
using Bft.Simulation.Network;

namespace Bft.Simulation.Scenarios.HotStuff;

/// <summary>A block that is right in all but one thing.</summary>
internal static class WrongBlockScenarios
{
    private const ulong AMinute = 60_000;

    public static Scenario C06 { get; } = new("C-06", "A block that is wrong in one thing")
    {
        Source = "PROTOCOLS 3c \"leader ok\", 16.8; DESIGN rule 4; block time made of what nobody vouched for: GHSA-c32p-wcqj-j677 (PROTOCOLS 6d)",
        Shows = "a block of somebody whose turn it is not, of a time before its parent's, of a time far ahead, or that vouches for a result that is nobody's gets no vote",
        Acts =
        [
            HotStuffStage.Act("not its turn", new Setting { Traitors = "D", Leaders = "A" }, NotItsTurn),
            HotStuffStage.Act("earlier than its parent", new Setting { Traitors = "D", Leaders = "AD" }, stage => WrongTime(stage, parent => parent - 1)),
            HotStuffStage.Act("from the future", new Setting { Traitors = "D", Leaders = "AD" }, stage => WrongTime(stage, parent => parent + AMinute)),
            HotStuffStage.Act("another result", new Setting { Traitors = "D", Leaders = "AAAAAAAAD" }, AnotherResult),
        ],
    };

    private static void NotItsTurn(HotStuffStage s)
    {
        NetworkRule late = s.Hold(s.Proposals(1, from: s.A));
        s.Client.Put("x");
        s.Wait(10);
        new LeaderTurn(s, 1, s.D).Propose("W", on: "G").ToAll();
        s.Wait(30);
        s.Expect("nobody votes for W", s.Honest.All(actor => !s.Voted(actor, "W")));
        s.Release(late);
    }

    private static void WrongTime(HotStuffStage s, Func<ulong, ulong> timeOf)
    {
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.UntilCertifiable("X");
        s.Leader(2, s.D).Propose("W", on: "X", time: timeOf(s["X"].Header.Time)).ToAll();
        s.Wait(30);
        s.Expect("nobody votes for W", s.Honest.All(actor => !s.Voted(actor, "W")));
    }

    // The height is one that all have executed; the state is another.
    private static void AnotherResult(HotStuffStage s)
    {
        s.Client.Put("x");
        s.Until("it is answered", () => !s.Client.Waiting);
        s.Client.Put("y");
        s.Leader(8, s.A).Proposes("X");
        s.UntilCertifiable("X");
        StatePoint right = s["X"].Header.Executed;
        s.Expect("X vouches for a result", right.Height.Value > 0);
        s.Leader(9, s.D).Propose("W", on: "X", executed: right with { StateRoot = s.Chain.Hash.Hash("another state"u8) }).ToAll();
        s.Wait(30);
        s.Expect("nobody votes for W", s.Honest.All(actor => !s.Voted(actor, "W")));
    }
}
