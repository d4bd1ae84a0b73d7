using Bft.Engine;
using Bft.Engine.Transport;
using Bft.Simulation.Network;

namespace Bft.Simulation.Scenarios.HotStuff;

/// <summary>What leads out of a view, and what does not.</summary>
internal static class ViewChangeScenarios
{
    private static readonly ProtocolOptions Tenures = new() { ViewTimeout = TimeSpan.FromMilliseconds(100), MaxViewTimeout = TimeSpan.FromSeconds(1), LeaderElection = "tenure" };

    public static Scenario C04 { get; } = new("C-04", "Two ways out of one view")
    {
        Source = "PROTOCOLS 25 P1",
        Shows = "view 1 is certified and given up: B and C are in view 2 by the votes, A in view 5 by the timeouts, D is silent; B and C follow the timeout certificate of a view that they have left already; and whoever gave a view up does not vote in it",
        Acts =
        [
            HotStuffStage.Act("under tenures", new Setting { Traitors = "D", Options = Tenures }, TwoWays),
            HotStuffStage.Act("a proposal after the timeout", new Setting { Traitors = "D", Leaders = "D" }, TooLate),
        ],
    };

    public static Scenario C05 { get; } = new("C-05", "An idle chain is silent")
    {
        Source = "DESIGN port rule 3; PROTOCOLS 16.11",
        Shows = "when everything is answered nobody says anything and no view passes, and what comes then commits without a timeout",
        Acts = [HotStuffStage.Act("from work to rest to work", new Setting(), Idle)],
    };

    // B leads views 1 to 4. Votes for X reach it when all have given view 1 up, and A alone knows that they have.
    private static void TwoWays(HotStuffStage s)
    {
        NetworkRule votes = s.Hold(s.Votes(1, to: s.B));
        NetworkRule toB = s.Hold(s.Timeouts(1, to: s.B));
        NetworkRule toC = s.Hold(s.Timeouts(1, to: s.C));
        Action mendB = s.OneWay(s.A, s.B);
        Action mendC = s.OneWay(s.A, s.C);
        s.Client.Put("x");
        s.Leader(1, s.B).Proposes("X");
        s.UntilVoted("X", s.B, s.C);
        s.UntilInView(5, s.A);
        s.Expect("B and C are in view 1", s.B.View == 1 && s.C.View == 1);
        s.Vote(s.D, "X").To(s.B);
        s.Release(votes);
        s.UntilInView(2, s.B, s.C);
        mendB();
        mendC();
        s.Release(toB);
        s.Release(toC);
        s.Until("B and C follow A out of the tenure", () => s.B.View >= 5 && s.C.View >= 5);
    }

    // All give view 1 up and nobody hears of it, so that all are in it still when its leader speaks.
    private static void TooLate(HotStuffStage s)
    {
        NetworkRule held = s.Hold(s.Timeouts(1));
        s.Client.Put("x");
        s.Until("all give view 1 up", () => s.Honest.All(actor => s.GaveUp(actor, 1)));
        s.Wait(2);
        s.Leader(1, s.D).Propose("X", on: "G").ToAll();
        s.Wait(20);
        s.Expect("nobody votes in a view that it gave up", s.Honest.All(actor => actor.View == 1 && !s.Voted(actor, "X")));
        s.Release(held);
    }

    private static void Idle(HotStuffStage s)
    {
        for (int times = 0; times < 3; times++)
        {
            s.Client.Put($"k{times}");
            s.Until("it is answered", () => !s.Client.Waiting);
            s.Wait(1_000);
            int said = 0;
            s.Watch = parcel => said += parcel.Traffic == TrafficClass.Consensus ? 1 : 0;
            ulong view = s.A.View;
            s.Wait(5_000);
            s.Expect($"nothing is said on an idle chain ({said} messages)", said == 0);
            s.Expect("no view passes", s.Honest.All(actor => actor.View == view));
            s.Watch = null;
        }

        s.Expect("no view was ever given up", s.Honest.All(actor => actor.ViewChanges == 0));
    }
}
