using Bft.Engine.Sync;
using Bft.Engine.Transport;
using Bft.Simulation.Network;

namespace Bft.Simulation.Scenarios.HotStuff;

/// <summary>A block is certified and one of those without whom nothing goes on does not have it.</summary>
internal static class MissingBlockScenarios
{
    public static Scenario C03 { get; } = new("C-03", "A certified block that one replica misses")
    {
        Source = "DESIGN rule 9; PROTOCOLS 16.5; relab/hotstuff#244",
        Shows = "C never saw the proposal of a block that a traitor helped to certify and is needed for the next one: it asks those who voted for it, all of them, and again when nothing comes",
        Acts =
        [
            HotStuffStage.Act("asked for", new Setting { Traitors = "D", Leaders = "AB" }, AskedFor),
            HotStuffStage.Act("the first answers are lost", new Setting { Traitors = "D", Leaders = "AB" }, AnswersLost),
            HotStuffStage.Act("one of its voters keeps it to itself", new Setting { Traitors = "A", Leaders = "AB" }, KeptByOne),
        ],
    };

    private static void AskedFor(HotStuffStage s)
    {
        CertifyWithoutC(s);
        s.UntilVoted("Y", s.C);
    }

    private static void AnswersLost(HotStuffStage s)
    {
        NetworkRule lost = s.Drop(parcel => parcel.To == s.C.Index && parcel.Traffic == TrafficClass.Repair && parcel.Kind == (byte)RepairKind.Block);
        CertifyWithoutC(s);
        s.Wait(700);
        s.Expect("C has not got X yet", s.C.Instance.Replica.FindBlock(s["X"].Digest) is null);
        s.Release(lost);
        s.Until("C has got X", () => s.C.Instance.Replica.FindBlock(s["X"].Digest) is not null);
    }

    // The voters of X: A, B and D. D says nothing any more.
    private static void CertifyWithoutC(HotStuffStage s)
    {
        NetworkRule lost = s.Drop(s.Proposals(1, to: s.C));
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.Vote(s.D, "X").To(s.B);
        s.Leader(2, s.B).Proposes("Y");
        s.Release(lost);
    }

    // A shows X to B and D only, and says nothing any more.
    private static void KeptByOne(HotStuffStage s)
    {
        s.Client.Put("x");
        s.Leader(1, s.A).Propose("X", on: "G").To(s.B, s.D);
        s.UntilVoted("X", s.B, s.D);
        s.Vote(s.A, "X").To(s.B);
        s.Leader(2, s.B).Proposes("Y");
        s.UntilVoted("Y", s.C);
    }
}
