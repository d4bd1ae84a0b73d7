using Bft.Ledger.Disks;

namespace Bft.Simulation.Scenarios.HotStuff;

/// <summary>Who leads, for those who were there all the time and for those who were not.</summary>
internal static class LeaderScenarios
{
    public static Scenario C11 { get; } = new("C-11", "A restart after somebody was passed over")
    {
        Source = "PROTOCOLS 18: Aptos leader_reputation.rs, replicas with too short a history elect different leaders",
        Shows = "D is silent and passed over; B starts again and holds the same replicas for leaders as A and C, so that no view is lost to a disagreement",
        Acts = [HotStuffStage.Act("B starts again", new Setting { Traitors = "D", Traffic = true, Clients = 3 }, StartsAgain)],
    };

    private static void StartsAgain(HotStuffStage s)
    {
        s.Wait(3_000);
        for (int times = 0; times < 3; times++)
        {
            s.Crash(s.B);
            s.Wait(20);
            s.Restart(s.B, CrashLoss.All);
            s.Until("B is where A is", () => s.B.View == s.A.View && s.B.Committed + 5 >= s.A.Committed);
            ulong lost = s.B.ViewChanges;
            s.WhileWaiting(1_500, "A and B hold the same replica for the leader of the view", () =>
                s.A.View != s.B.View || s.A.HighestCertified != s.B.HighestCertified || s.A.Instance.Replica.Status.Leader == s.B.Instance.Replica.Status.Leader);
            // B's own absence may have lost a turn for it, so that D has another one, which costs two timeouts each time it comes.
            s.Expect($"hardly a view is lost after its return: {s.B.ViewChanges - lost}", s.B.ViewChanges <= lost + 4);
        }
    }
}
