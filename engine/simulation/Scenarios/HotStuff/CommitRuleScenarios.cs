namespace Bft.Simulation.Scenarios.HotStuff;

/// <summary>Three blocks in a row are committed when their views are, and only then.</summary>
internal static class CommitRuleScenarios
{
    public static Scenario O03 { get; } = new("O-03", "Commit rule without consecutive views")
    {
        Source = "SCENARIOS O-03, model C1; PROTOCOLS 3d; relab/hotstuff#249 \"Safety is violated\"",
        Shows = "A sees a chain of three certified blocks whose views are not consecutive and does not commit its first; all end on the branch that the others know",
        Acts =
        [
            HotStuffStage.Act("the first link skips a view", new Setting { Traitors = "D", Leaders = "ADDADDBCC" }, FirstLink),
            HotStuffStage.Act("the second link skips a view", new Setting { Traitors = "D", Leaders = "ABDDDDBCC" }, SecondLink),
        ],
    };

    // X(1) ← Y(3) ← Z(4), and W(2) beside them.
    private static void FirstLink(HotStuffStage s)
    {
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.UntilCertifiable("X");
        s.Show(s.D, s.Certificate("X")).ToAll();
        s.UntilInView(2, s.A, s.B, s.C);
        s.Leader(2, s.D).Propose("W", on: "G").ToAll();
        s.UntilCertifiable("W");
        s.UntilInView(3, s.A, s.B, s.C);
        s.Leader(3, s.D).Propose("Y", on: "X").ToAll();
        s.Leader(4, s.A).Proposes("Z");
        ShowTheChainToAOnly(s);
    }

    // X(1) ← Y(2) ← Z(4), and W(3) beside them.
    private static void SecondLink(HotStuffStage s)
    {
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.Leader(2, s.B).Proposes("Y");
        s.UntilCertifiable("Y");
        s.UntilInView(3, s.A, s.B, s.C);
        s.Leader(3, s.D).Propose("W", on: "G").ToAll();
        s.UntilCertifiable("W");
        s.UntilInView(4, s.A, s.B, s.C);
        s.Leader(4, s.D).Propose("Z", on: "Y").ToAll();
        ShowTheChainToAOnly(s);
    }

    // The certificate of Z goes to A alone; B and C give up views 4 and 5, follow W and commit it while A is cut off. (View 9 is C's and not A's as in the source: here its leader
    // alone gathers the votes for W3, and an A that has committed X would not.)
    private static void ShowTheChainToAOnly(HotStuffStage s)
    {
        s.UntilVoted("Z", s.A, s.B, s.C);
        s.UntilCertifiable("Z");
        s.OneWay(s.A, s.B);
        s.OneWay(s.A, s.C);
        s.Leader(5, s.D).Propose("V", on: "Z").To(s.A);
        s.UntilVoted("V", s.A);
        s.Expect("A does not commit X", !s.A.HasCommitted(s["X"]));
        s.TimeOut(s.D, 4).To(s.B, s.C);
        s.TimeOut(s.D, 5).To(s.B, s.C);
        s.UntilInView(6, s.B, s.C);
        s.Leader(6, s.D).Propose("W1", on: "W").To(s.B, s.C);
        s.UntilVoted("W1", s.B, s.C);
        s.Vote(s.D, "W1").To(s.B);
        s.Leader(7, s.B).Proposes("W2");
        s.Vote(s.D, "W2").To(s.C);
        s.Leader(8, s.C).Proposes("W3");
        s.Vote(s.D, "W3").To(s.C);
        s.Until("C commits W", () => s.C.HasCommitted(s["W"]));
        s.RunFaultFree(8);
        s.Expect("all end on W", s.Honest.All(actor => actor.HasCommitted(s["W"])));
    }
}
