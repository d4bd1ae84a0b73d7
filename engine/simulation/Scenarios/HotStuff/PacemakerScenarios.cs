using Bft.Engine;
using Bft.Engine.Transport;
using Bft.Ledger.Disks;
using Bft.Simulation.Network;

namespace Bft.Simulation.Scenarios.HotStuff;

/// <summary>Silent, slow and selective replicas against the pacemaker: views go on, and only forward.</summary>
internal static class PacemakerScenarios
{
    private const int CycleViews = 16;

    public static Scenario O10 { get; } = new("O-10", "Late votes")
    {
        Source = "SCENARIOS O-10",
        Shows = "votes of view 2 that come in view 6 move no view back, lower no certificate and make no second proposal",
        Acts =
        [
            HotStuffStage.Act("nothing certified meanwhile", new Setting { Leaders = "ACBACA" }, stage => LateVotes(stage, certified: false)),
            HotStuffStage.Act("later views certified meanwhile", new Setting { Leaders = "ACBACA" }, stage => LateVotes(stage, certified: true)),
        ],
    };

    public static Scenario O11 { get; } = new("O-11", "Round robin with a silent leader")
    {
        Source = "SCENARIOS O-11; PROTOCOLS 3 \"Liveness with rotating leaders\"; BeeGees, arXiv 2205.11652",
        Shows = "one view a leader, one of four silent: no three consecutive views are ever certified and nothing commits; the default election commits within three cycles, again and again",
        Acts =
        [
            HotStuffStage.Act("plain round robin", SilentD with { Options = Election("round-robin"), Heals = false }, RoundRobin),
            HotStuffStage.Act("tenures", SilentD with { Options = Election("tenure") }, Cured),
            HotStuffStage.Act("the default", SilentD, Cured),
        ],
    };

    public static Scenario O12 { get; } = new("O-12", "Vote withholding")
    {
        Source = "SCENARIOS O-12",
        Shows = "D never votes and dawdles as leader: a quorum is enough, D costs its own turns only, and the timeout comes back to its base with progress",
        Acts =
        [
            HotStuffStage.Act("silent as leader", SilentD with { Options = Election("tenure") }, SilentTurns),
            HotStuffStage.Act("proposals in the last moment", SilentD with { Options = Election("tenure") }, LastMoment),
            HotStuffStage.Act("silent as leader and chatty", SilentD with { Options = Election("tenure") }, ChattyTurns),
            HotStuffStage.Act("no proposal for half a minute", new Setting { Traffic = true, Clients = 2 }, NoProposals),
        ],
    };

    public static Scenario O13 { get; } = new("O-13", "Selective delay to the leader")
    {
        Source = "SCENARIOS O-13",
        Shows = "one honest replica after the other is too late for every leader: the other three go on; with a silent one besides nothing is lost, and release brings progress within 8 views",
        Acts =
        [
            HotStuffStage.Act("all speak", new Setting { Traffic = true, Clients = 3 }, OneLate),
            HotStuffStage.Act("D is silent", SilentD with { ViewsToHeal = 8 }, OneLateOneSilent),
        ],
    };

    public static Scenario O14 { get; } = new("O-14", "Silent gap and spread of timeout certificates")
    {
        Source = "SCENARIOS O-14",
        Shows = "A alone has the timeout certificate of view 1 and leads view 2: B and C enter view 2 when they see it inside the proposal",
        Acts = [HotStuffStage.Act("the certificate comes in the proposal", new Setting { Traitors = "D", Leaders = "DA" }, Spread)],
    };

    public static Scenario O15 { get; } = new("O-15", "One message must not move the view")
    {
        Source = "SCENARIOS O-15; PROTOCOLS 16.6, 25 P2; DESIGN rule 8",
        Shows = "a proposal and f timeouts of a view that nobody is in move nobody; f+1 distinct senders at or above a view are joined there",
        Acts =
        [
            HotStuffStage.Act("one of four", new Setting { Traitors = "D", Leaders = "A" }, OneMessage),
            HotStuffStage.Act("two of seven", new Setting { Nodes = 7, Traitors = "FG", Leaders = "A" }, TwoOfSeven),
            HotStuffStage.Act("f+1 at or above", new Setting { Traitors = "CD", Leaders = "A", Heals = false }, AtOrAbove),
        ],
    };

    private static Setting SilentD => new() { Traitors = "D", Traffic = true, Clients = 3 };

    private static ProtocolOptions Election(string name) => new() { ViewTimeout = TimeSpan.FromMilliseconds(100), MaxViewTimeout = TimeSpan.FromSeconds(1), LeaderElection = name };

    private static void LateVotes(HotStuffStage s, bool certified)
    {
        NetworkRule late = s.Hold(s.Votes(2, to: s.B));
        NetworkRule? others = certified ? null : s.Drop(parcel => new ulong[] { 3, 4, 5 }.Any(view => s.Votes(view)(parcel)));
        s.Client.Put("x");
        s.Leader(3, s.B).Proposes("late");
        s.UntilInView(6, s.B);
        ulong certifiedBefore = s.B.HighestCertified;
        s.Release(late);
        s.WhileWaiting(20, "B's view does not go back", () => s.B.View >= 6);
        s.Expect("B's highest certificate is not lowered", s.B.HighestCertified >= certifiedBefore);
        s.Expect("B made one proposal for view 3", s.SignedIn(s.B, StatementKind.Proposal, 3).Count() == 1);
        if (others is not null)
        {
            s.Expect("B certifies the block of view 2", s.B.HighestCertified >= 2);
            s.Release(others);
        }
    }

    private static void RoundRobin(HotStuffStage s)
    {
        s.Until("40 views pass", () => s.A.View >= 40, TimeSpan.FromSeconds(60));
        s.Expect("nothing is committed", s.World.Watch.Agreement.Highest == 0);
    }

    private static void Cured(HotStuffStage s)
    {
        for (int times = 0; times < 3; times++)
        {
            (ulong view, ulong committed) = (s.A.View, s.A.Committed);
            s.Until("a block commits", () => s.A.Committed > committed || s.A.View > view + (3 * CycleViews), TimeSpan.FromSeconds(60));
            s.Expect("it does within three cycles", s.A.Committed > committed);
            s.Until("another cycle passes", () => s.A.View > view + CycleViews, TimeSpan.FromSeconds(60));
        }
    }

    private static void SilentTurns(HotStuffStage s)
    {
        s.Wait(200);
        (ulong view, ulong committed, ulong changes) = (s.A.View, s.A.Committed, s.A.ViewChanges);
        s.Wait(5_000);
        (ulong views, ulong blocks, ulong lost) = (s.A.View - view, s.A.Committed - committed, s.A.ViewChanges - changes);
        // Two timeouts a turn: the votes of the view before it go to D as well.
        s.Expect($"D costs its own turns only: {lost} view changes in {views} views", lost <= (2 * (views / CycleViews)) + 2);
        s.Expect($"the timeout stays near its base: {lost} timeouts of D in 5 s", lost >= 20);
        s.Expect($"three of four tenures commit: {blocks} blocks in {views} views", blocks >= views / 2);
    }

    private static void LastMoment(HotStuffStage s)
    {
        s.Puppet(s.D).Honest = true;
        s.Drop(s.Votes(from: s.D));
        s.Delay(s.Proposals(from: s.D), s.World.Options.ProtocolOptions.ViewTimeout - TimeSpan.FromMilliseconds(1));
        s.Wait(200);
        (ulong view, ulong committed, ulong changes) = (s.A.View, s.A.Committed, s.A.ViewChanges);
        s.Wait(5_000);
        (ulong views, ulong blocks, ulong lost) = (s.A.View - view, s.A.Committed - committed, s.A.ViewChanges - changes);
        s.Expect($"D costs its own turns only: {lost} view changes in {views} views", lost <= (views / 4) + 1);
        s.Expect($"the others' tenures commit: {blocks} blocks in {views} views", blocks >= views / 3 && blocks > 50);
    }

    // D leads in silence, but says what proves nothing, again and again: an old vote and a timeout of its own.
    private static void ChattyTurns(HotStuffStage s)
    {
        var old = new Statement(StatementKind.Vote, s.Chain.Committee.Epoch, new View(1), new Height(1), s.Chain.Hash.Hash("old"u8));
        Vote vote = s.Sign(s.D, old);
        ulong view = s.A.View;
        for (int times = 0; times < 200; times++)
        {
            foreach (Actor actor in s.Honest)
            {
                s.SendVote(s.D, vote, actor);
            }

            s.Wait(15);
        }

        s.Expect($"D's turns end: {s.A.View - view} views in 3 s", s.A.View > view + (2 * CycleViews));
    }

    // Every view is given up, so that the timeout grows as far as it may; with the longest of 1 s the views still go by.
    private static void NoProposals(HotStuffStage s)
    {
        NetworkRule lost = s.Drop(s.Proposals());
        s.Wait(20_000);
        ulong changes = s.A.ViewChanges;
        s.Wait(15_000);
        s.Expect($"the timeout is no longer than its limit: {s.A.ViewChanges - changes} views given up in 15 s", s.A.ViewChanges - changes >= 12);
        s.Release(lost);
    }

    private static void OneLate(HotStuffStage s)
    {
        DelayOneToTheLeader(s);
        ulong committed = s.A.Committed;
        s.Wait(2_000);
        s.Expect($"the others go on: {s.A.Committed - committed} blocks in 2 s", s.A.Committed > committed + 40);
    }

    private static void OneLateOneSilent(HotStuffStage s)
    {
        NetworkRule late = DelayOneToTheLeader(s);
        s.Wait(4_000);
        s.Release(late);
    }

    // The victim changes with every view; what it says to whoever it believes to lead, or to lead next, comes when the view is over.
    private static NetworkRule DelayOneToTheLeader(HotStuffStage s) => s.Delay(
        parcel =>
        {
            ProtocolStatus status = s.World.Replicas[parcel.From].Replica.Status;
            return parcel.From == (int)(status.View.Value % 3) && parcel.Traffic == TrafficClass.Consensus && (status.Leader?.Value == parcel.To || status.NextLeader?.Value == parcel.To);
        },
        s.World.Options.ProtocolOptions.ViewTimeout + TimeSpan.FromMilliseconds(5));

    private static void Spread(HotStuffStage s)
    {
        s.Hold(s.Timeouts(from: s.A));
        s.Hold(s.Certificates(from: s.A));
        s.Client.Put("x");
        s.UntilInView(2, s.A);
        s.Expect("B and C are in view 1", s.B.View == 1 && s.C.View == 1);
        s.Leader(2, s.A).Proposes("X");
        s.UntilInView(2, s.B, s.C);
        s.UntilVoted("X", s.B, s.C);
    }

    private static void OneMessage(HotStuffStage s)
    {
        s.TimeOut(s.D, 1_000_000_000).ToAll();
        s.Says(s.D, s.Proposal(1_000_000_000, s.D, "G")).ToAll();
        s.WhileWaiting(300, "nobody leaves view 1", () => s.Honest.All(actor => actor.View <= 1));
    }

    private static void TwoOfSeven(HotStuffStage s)
    {
        s.TimeOut(s.F, 1_000_000_000).ToAll();
        s.TimeOut(s.Everyone[6], 1_000_000_000).ToAll();
        s.WhileWaiting(300, "nobody leaves view 1", () => s.Honest.All(actor => actor.View <= 1));
    }

    // C at view 5, D at view 7: two senders are at or above 5, so that is where an honest one may have gone. No certificate brought A there, so that after a crash
    // only its own signature tells it: in a lower view its voter would refuse everything.
    private static void AtOrAbove(HotStuffStage s)
    {
        s.TimeOut(s.C, 5).To(s.A, s.B);
        s.TimeOut(s.D, 7).To(s.A, s.B);
        s.UntilInView(5, s.A, s.B);
        s.Expect("A and B give view 5 up", s.GaveUp(s.A, 5) && s.GaveUp(s.B, 5));
        s.Wait(2);
        s.Crash(s.A);
        s.Wait(2);
        s.Restart(s.A, CrashLoss.All);
        s.Expect("A starts in no lower view", s.A.View >= 5);
    }
}
