using Bft.Engine.Transport;
using Bft.Simulation.Network;

namespace Bft.Simulation.Scenarios.HotStuff;

/// <summary>A replica that lost its safety records while the view lasts in which it signed.</summary>
internal static class RejoinScenarios
{
    private const ulong Turn = 13;

    public static Scenario C07 { get; } = new("C-07", "A lost disk in the middle of a view")
    {
        Source = "PROTOCOLS 0.4.6, 16.7; telcoin-network#391, ArkEcosystem/mainsail#1449",
        Shows = "B votes for X, loses its disks and catches up on blocks that the others committed without it: it does not vote for X' in the same view, and has its vote back in the end",
        Acts = [HotStuffStage.Act("equivocation afterwards", new Setting { Traitors = "D", Leaders = "AAAAAAAAAAAADDDD", Traffic = true, Clients = 2, ViewsToHeal = 24 }, Equivocation)],
    };

    // Certificates of A, C and D all along: what B missed before looks as if it could go on without B at once.
    private static void Equivocation(HotStuffStage s)
    {
        s.Puppet(s.D).Honest = true;
        s.Drop(s.Votes(from: s.B));
        s.Drop(s.Timeouts(from: s.D));
        NetworkRule own = s.Drop(s.Proposals(from: s.D));
        s.Leader(Turn - 1, s.A).Proposes("T");
        s.UntilCertifiable("T");
        s.UntilInView(Turn, s.A, s.B, s.C);
        s.Expect("blocks are committed", s.A.Committed > 3);
        // From now on D's honest part answers questions and says nothing of its own.
        s.Puppet(s.D).Says = (_, traffic, bytes) => traffic == TrafficClass.Consensus ? null : bytes;
        s.Release(own);
        s.Leader(Turn, s.D).Propose("X", on: "T").To(s.B);
        s.UntilVoted("X", s.B);
        s.Wait(2);
        // What B hears of view 13 it hears from D.
        s.Drop(parcel => parcel.To == s.B.Index && parcel.From != s.D.Index && parcel.Traffic == TrafficClass.Consensus);
        s.Wipe(s.B);
        s.Until("B has caught up", () => s.B.Committed >= s.A.Committed);
        s.Expect("A and C are in that view still", s.A.View == Turn && s.C.View == Turn);
        s.Leader(Turn, s.D).Propose("X'", on: "T").To(s.B);
        s.Wait(50);
        s.Expect("B does not vote for X'", !s.Voted(s.B, "X'"));
        s.Puppet(s.D).Says = null;
    }
}
