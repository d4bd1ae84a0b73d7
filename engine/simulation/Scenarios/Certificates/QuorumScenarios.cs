using Bft.Simulation.Scenarios.HotStuff;

namespace Bft.Simulation.Scenarios.Certificates;

/// <summary>Quorums where n is not 3f+1.</summary>
internal static class QuorumScenarios
{
    public static Scenario O22 { get; } = new("O-22", "Quorum for n = 5")
    {
        Source = "SCENARIOS O-22; PROTOCOLS 0.2",
        Shows = "a traitor between two halves of two votes for a block on each side: four votes are needed, so neither is certified",
        Acts = [HotStuffStage.Act("two halves", new Setting { Nodes = 5, Traitors = "E", Leaders = "EEEEEE", ViewsToHeal = 30 }, TwoHalves)],
    };

    public static Scenario O23 { get; } = new("O-23", "Quorum for n = 6, no traitor")
    {
        Source = "SCENARIOS O-23; PROTOCOLS 0.2",
        Shows = "two halves of three, each with a leader in turn: neither commits, both resume after the partition heals",
        Acts =
        [
            HotStuffStage.Act("two halves", new Setting { Nodes = 6, Leaders = "AAAAAADDDDDD", Clients = 2 }, SixInHalves),
            HotStuffStage.Act("each half in its leader's turn", new Setting { Nodes = 6, Leaders = "AD", Clients = 2 }, InTurn),
        ],
    };

    // The traitor alone is in both halves.
    private static void TwoHalves(HotStuffStage s)
    {
        s.Client.Put("x");
        s.Cut([s.A, s.B, s.E], [s.C, s.D, s.E]);
        string below = "G";
        string otherBelow = "G";
        for (ulong view = 1; view <= 5; view++)
        {
            (string left, string right) = ($"X{view}", $"X'{view}");
            s.Leader(view, s.E).Propose(left, on: below).To(s.A, s.B);
            s.Leader(view, s.E).Propose(right, on: otherBelow).To(s.C, s.D);
            s.UntilVoted(left, s.A, s.B);
            s.UntilVoted(right, s.C, s.D);
            s.Wait(2);
            bool certified = s.IsCertifiable(left) || s.IsCertifiable(right);
            s.Expect($"neither {left} nor {right} can be certified", !certified);
            if (!certified)
            {
                break;
            }

            (below, otherBelow) = (left, right);
        }
    }

    private static void SixInHalves(HotStuffStage s)
    {
        Action mend = s.Cut([s.A, s.B, s.C], [s.D, s.E, s.F]);
        s.World.Clients[0].Put("x");
        s.World.Clients[1].Put("y");
        s.Until("both halves have had a leader of their own", () => s.Everyone.All(actor => actor.View >= 1) && s.World.Time.Now > TimeSpan.FromSeconds(5));
        s.Expect("nothing is committed", s.World.Watch.Agreement.Highest == 0);
        mend();
        s.RunFaultFree(24);
        s.Expect("both commands are committed", s.World.Watch.Agreement.Highest > 0);
    }

    // In view 1 A speaks to its half only; all give the view up together; in view 2 D speaks to its half only.
    private static void InTurn(HotStuffStage s)
    {
        Action mend = s.Cut([s.A, s.B, s.C], [s.D, s.E, s.F]);
        s.World.Clients[0].Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.UntilVoted("X", s.A, s.B, s.C);
        s.Wait(50);
        s.Expect("X has no quorum", !s.HasQuorum("X"));
        s.Drop(parcel => s.ViewOfProposal(parcel) == 2 && parcel.To <= s.C.Index);
        mend();
        s.Until("all have given view 1 up together", () => s.Everyone.All(actor => actor.View == 2));
        mend = s.Cut([s.A, s.B, s.C], [s.D, s.E, s.F]);
        s.World.Clients[1].Put("y");
        s.Leader(2, s.D).Proposes("Y");
        s.UntilVoted("Y", s.D, s.E, s.F);
        s.Wait(50);
        s.Expect("Y has no quorum", !s.HasQuorum("Y"));
        s.Expect("nothing is committed", s.World.Watch.Agreement.Highest == 0);
        mend();
        s.RunFaultFree(24);
    }
}
