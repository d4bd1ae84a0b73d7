using Bft.Engine;
using Bft.Ledger.Disks;

namespace Bft.Simulation.Scenarios.HotStuff;

/// <summary>Certificates that are old, inflated, or of another block than the parent: locks and highQC hold against them.</summary>
internal static class LockScenarios
{
    public static Scenario O07 { get; } = new("O-07", "Certificate view inflated")
    {
        Source = "SCENARIOS O-07, model C9; relab/hotstuff#291",
        Shows = "A committed X; a proposal beside it, whose certificate claims a higher view than was signed, moves nobody and gets no vote",
        Acts =
        [
            HotStuffStage.Act("of a real certificate", new Setting { Traitors = "D", Leaders = "AABCDDDDD" }, Inflated),
            HotStuffStage.Act("of genesis", new Setting { Traitors = "D", Leaders = "ABCDD" }, InflatedGenesis),
        ],
    };

    public static Scenario O08 { get; } = new("O-08", "Parent differs from justify")
    {
        Source = "SCENARIOS O-08; relab/hotstuff#283",
        Shows = "a block that names another parent than the one its certificate certifies is refused before anything else is looked at",
        Acts = [HotStuffStage.Act("parent of view 1, certificate of view 3", new Setting { Traitors = "D", Leaders = "ABCD" }, ParentDiffers)],
    };

    public static Scenario O09 { get; } = new("O-09", "Stale certificate replay")
    {
        Source = "SCENARIOS O-09; PROTOCOLS 3c",
        Shows = "everybody is locked at view 7: a proposal on a block of view 2 with its genuine certificate gets no vote, and the next leader still extends the highest certificate; a lock outlives a crash",
        Acts =
        [
            HotStuffStage.Act("certificate of view 2 in view 9", new Setting { Traitors = "D", Leaders = "DADBDDCADA" }, Stale),
            HotStuffStage.Act("after a restart", new Setting { Traitors = "D", Leaders = "DADBDDCDDA" }, LockedThroughACrash),
        ],
    };

    // X0(1) ← X(2) ← Y(3) ← Z(4); the certificate of Z goes to A only, which commits X.
    private static void Inflated(HotStuffStage s)
    {
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X0");
        s.Leader(2, s.A).Proposes("X");
        s.Leader(3, s.B).Proposes("Y");
        s.Leader(4, s.C).Proposes("Z");
        s.UntilCertifiable("Z");
        s.Show(s.D, s.Certificate("Z")).To(s.A);
        s.Until("A commits X", () => s.A.HasCommitted(s["X"]));
        s.OneWay(s.A, s.B);
        s.OneWay(s.A, s.C);
        s.Show(s.D, Inflate(s.Certificate("X0"), 100)).To(s.B, s.C);
        s.Leader(9, s.D).Propose("W", on: "X0", by: Inflate(s.Certificate("X0"), 8)).To(s.B, s.C);
        s.Wait(5);
        s.Expect("B and C refuse both", s.B.Refused == 2 && s.C.Refused == 2);
        s.Expect("B and C are in view 4 still", s.B.View == 4 && s.C.View == 4);
        s.Expect("nobody votes for W", !s.Voted(s.B, "W") && !s.Voted(s.C, "W"));
        s.RunFaultFree(16);
        s.Expect("all have X", s.Honest.All(actor => actor.HasCommitted(s["X"])));
    }

    private static void InflatedGenesis(HotStuffStage s)
    {
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.Leader(2, s.B).Proposes("Y");
        s.Leader(3, s.C).Proposes("Z");
        s.UntilCertifiable("Z");
        s.Show(s.D, s.Certificate("Z")).To(s.A);
        s.Until("A commits X", () => s.A.HasCommitted(s["X"]));
        s.Show(s.D, Inflate(s.Certificate("G"), 100)).To(s.B, s.C);
        s.Leader(5, s.D).Propose("W", on: "G", by: Inflate(s.Certificate("G"), 4)).To(s.B, s.C);
        s.Wait(5);
        s.Expect("B and C refuse both", s.B.Refused == 2 && s.C.Refused == 2);
        s.Expect("nobody votes for W", !s.Voted(s.B, "W") && !s.Voted(s.C, "W"));
    }

    private static void ParentDiffers(HotStuffStage s)
    {
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.Leader(2, s.B).Proposes("Y");
        s.Leader(3, s.C).Proposes("Z");
        s.UntilCertifiable("Z");
        s.Leader(4, s.D).Propose("W", on: "X", by: s.Certificate("Z"), parent: s["X"].Digest).ToAll();
        s.Leader(4, s.D).Propose("W'", on: "Z", by: s.Certificate("Z"), parent: s["X"].Digest).ToAll();
        s.Wait(5);
        s.Expect("nobody votes for them", s.Honest.All(actor => !s.Voted(actor, "W") && !s.Voted(actor, "W'")));
        s.Expect("the certificate inside counts for nothing", s.Honest.All(actor => actor.View == 3 && actor.HighestCertified == 2));
    }

    // Certified blocks of views 2, 4, 7, 8: no three in a row, so nothing commits and the old ones are still in everybody's tree.
    private static void Stale(HotStuffStage s)
    {
        s.Client.Put("x");
        s.Leader(2, s.A).Proposes("X");
        s.UntilCertifiable("X");
        s.Show(s.D, s.Certificate("X")).ToAll();
        s.Leader(4, s.B).Proposes("Y");
        s.UntilCertifiable("Y");
        s.Show(s.D, s.Certificate("Y")).ToAll();
        s.Leader(7, s.C).Proposes("Z");
        s.Leader(8, s.A).Proposes("V");
        s.UntilCertifiable("V");
        s.Show(s.D, s.Certificate("V")).ToAll();
        s.UntilInView(9, s.A, s.B, s.C);
        s.Expect("nothing is committed", s.World.Watch.Agreement.Highest == 0);
        s.Show(s.D, s.Certificate("X")).ToAll();
        s.Leader(9, s.D).Propose("W", on: "X").ToAll();
        s.Leader(10, s.A).Proposes("U");
        s.Expect("nobody votes for W", s.Honest.All(actor => !s.Voted(actor, "W")));
        s.Expect("leader 10 extends V", s["U"].Header.Parent == s["V"].Digest);
        s.UntilVoted("U", s.A, s.B, s.C);
    }

    // Locked at view 4, all gave view 8 up. B crashes, and wakes among traitors who know of nothing newer than view 2 but the timeouts of view 8.
    private static void LockedThroughACrash(HotStuffStage s)
    {
        s.Client.Put("x");
        s.Leader(2, s.A).Proposes("X");
        s.UntilCertifiable("X");
        s.Show(s.D, s.Certificate("X")).ToAll();
        s.Leader(4, s.B).Proposes("Y");
        s.UntilCertifiable("Y");
        s.Show(s.D, s.Certificate("Y")).ToAll();
        s.Leader(7, s.C).Proposes("Z");
        s.UntilCertifiable("Z");
        s.Show(s.D, s.Certificate("Z")).ToAll();
        s.UntilInView(9, s.A, s.B, s.C);
        s.Crash(s.B);
        Action first = s.OneWay(s.A, s.B);
        Action second = s.OneWay(s.C, s.B);
        s.Wait(5);
        s.Restart(s.B, CrashLoss.All);
        s.Show(s.D, s.Certificate("X"), s.TimeoutCertificate(8)).To(s.B);
        s.UntilInView(9, s.B);
        s.Leader(9, s.D).Propose("W", on: "X", after: s.TimeoutCertificate(8)).To(s.B);
        s.Wait(20);
        s.Expect("B does not vote for W", !s.Voted(s.B, "W"));
        first();
        second();
    }

    private static QuorumCertificate Inflate(QuorumCertificate certificate, ulong view) =>
        new(certificate.Statement with { View = new View(view) }, certificate.Signers, certificate.Signature);
}
