using Bft.Engine;
using Bft.Ledger.Disks;
using Bft.Simulation.Network;

namespace Bft.Simulation.Scenarios.HotStuff;

/// <summary>A leader with two faces in one view, and a crash in between.</summary>
internal static class EquivocationScenarios
{
    private static readonly Setting TwoFaces = new() { Doubled = "D", Leaders = "DACB" };

    public static Scenario O01 { get; } = new("O-01", "Twins: equivocating leader, moving partition")
    {
        Source = "SCENARIOS O-01, model C3; Twins, OPODIS 2021 / arXiv 2004.10617",
        Shows = "B votes once in view 1, at most one of X and X' is certified, the double sign is proved, and all commit after the partition heals",
        Acts =
        [
            HotStuffStage.Act("moving partition", TwoFaces, MovingPartition),
            HotStuffStage.Act("each side continues its branch", new Setting { Doubled = "D", Leaders = "DDDDACB" }, BothContinue),
        ],
    };

    public static Scenario O02 { get; } = new("O-02", "Twins with a crash between the two proposals")
    {
        Source = "SCENARIOS O-02; PROTOCOLS 0.4.1 and 0.4.5",
        Shows = "B's vote for X has left, B crashes, X' comes after the restart: B says the same vote again or nothing, whatever the crash took",
        Acts =
        [
            HotStuffStage.Act("kept", TwoFaces, stage => CrashBetween(stage, CrashLoss.None)),
            HotStuffStage.Act("lost", TwoFaces, stage => CrashBetween(stage, CrashLoss.All)),
            HotStuffStage.Act("torn", TwoFaces, stage => CrashBetween(stage, CrashLoss.Torn)),
            HotStuffStage.Act("the proposer", new Setting { Leaders = "ABC" }, ProposerCrashes),
        ],
    };

    private static void MovingPartition(HotStuffStage s)
    {
        Actor twin = BothPropose(s, out Action mend, out NetworkRule second, out _);
        mend();
        mend = s.Cut([s.A, s.D], [s.B, s.C, twin]);
        s.Release(second);
        s.Until("B proves the double sign", () => s.B.Instance.Evidence.Count > 0);
        s.Wait(1_200);
        s.Expect("B votes once in view 1", s.SignedIn(s.B, StatementKind.Vote, 1).Count() == 1);
        s.Expect("not both of X and X' have a quorum", !s.HasQuorum("X") || !s.HasQuorum("X'"));
        mend();
        s.RunFaultFree(8);
        s.Expect("not both of X and X' are committed", !s.Honest.Any(actor => actor.HasCommitted(s["X"])) || !s.Honest.Any(actor => actor.HasCommitted(s["X'"])));
    }

    // D and its twin lead views 1 to 4, so that each side has a leader. D certifies X by A's and B's votes before the sides change, while B is in view 1: X' must not be certified too.
    private static void BothContinue(HotStuffStage s)
    {
        Actor twin = BothPropose(s, out Action mend, out NetworkRule second, out NetworkRule votes);
        s.Hold(s.Proposals(2, from: s.D, to: s.B));
        s.Release(votes);
        s.Until("D certifies X", () => s.D.HighestCertified >= 1);
        s.Expect("B is in view 1", s.B.View == 1);
        mend();
        mend = s.Cut([s.A, s.D], [s.B, s.C, twin]);
        s.Release(second);
        s.Until("B proves the double sign", () => s.B.Instance.Evidence.Count > 0);
        s.Wait(1_200);
        s.Expect("B votes once in view 1", s.SignedIn(s.B, StatementKind.Vote, 1).Count() == 1);
        s.Expect("the twin's side goes on without A", s.B.View > 4 && s.C.View > 4);
        s.Expect("X has a quorum", s.HasQuorum("X"));
        s.Expect("not both of X and X' have a quorum", !s.HasQuorum("X") || !s.HasQuorum("X'"));
        mend();
        s.RunFaultFree(8);
        s.Expect("not both of X and X' are committed", !s.Honest.Any(actor => actor.HasCommitted(s["X"])) || !s.Honest.Any(actor => actor.HasCommitted(s["X'"])));
    }

    private static void CrashBetween(HotStuffStage s, CrashLoss loss)
    {
        Actor twin = BothPropose(s, out Action mend, out NetworkRule second, out _);
        s.Crash(s.B);
        s.Wait(5);
        mend();
        mend = s.Cut([s.A, s.D], [s.B, s.C, twin]);
        s.Restart(s.B, loss);
        s.Release(second);
        s.Wait(50);
        s.Expect("B signs no vote for X'", !s.Voted(s.B, "X'"));
        mend();
        s.RunFaultFree(8);
    }

    // D shows X to A and B, its twin X' to C; the twin's copy for B is held. No vote arrives, so that the view goes on.
    private static Actor BothPropose(HotStuffStage s, out Action mend, out NetworkRule second, out NetworkRule votes)
    {
        Actor twin = s.Twin(s.D);
        twin.Instance.Clock.JumpWall(TimeSpan.FromSeconds(3));
        mend = s.Cut([s.A, s.B, s.D], [s.C, twin]);
        votes = s.Hold(s.Votes(1));
        second = s.Hold(s.Proposals(1, from: twin, to: s.B));
        s.Client.Put("x");
        s.Leader(1, s.D).Proposes("X");
        s.Leader(1, twin).Proposes("X'");
        s.Expect("X and X' are two blocks", s["X"].Digest != s["X'"].Digest);
        s.UntilVoted("X", s.A, s.B);
        s.UntilVoted("X'", s.C);
        s.Wait(2);
        return twin;
    }

    // The leader's proposal has left, it crashes, and its clock has moved: what it would propose now has another time in it.
    private static void ProposerCrashes(HotStuffStage s)
    {
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.Wait(0.1);
        s.Crash(s.A);
        s.Wait(30);
        s.Restart(s.A, CrashLoss.All);
        s.Wait(30);
        s.Expect("A makes one proposal for view 1", s.SignedIn(s.A, StatementKind.Proposal, 1).Count() == 1);
        s.RunFaultFree(8);
    }
}
