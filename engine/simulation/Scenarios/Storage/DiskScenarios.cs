using Bft.Engine;
using Bft.Ledger.Disks;
using Bft.Simulation.Disks;
using Bft.Simulation.Scenarios.HotStuff;

namespace Bft.Simulation.Scenarios.Storage;

/// <summary>Disks that are full, tear what is written, lie about flushes, or rot.</summary>
internal static class DiskScenarios
{
    public static Scenario O45 { get; } = new("O-45", "Disk full and torn write")
    {
        Source = "SCENARIOS O-45; PROTOCOLS 0.4.3, 0.4.4; timeplus-io/proton#1229, cockroachdb/cockroach#37216, asonnino/mysticeti#219",
        Shows = "what finds no room is not sent and is said when there is room; a record torn at any byte is cut and the replica starts; a bad record before good ones stops it; a failed flush is not trusted",
        Acts =
        [
            HotStuffStage.Act("no room for a vote", new Setting { Leaders = "A" }, NoRoomForAVote),
            HotStuffStage.Act("no room for a proposal", new Setting { Leaders = "A" }, NoRoomForAProposal),
            HotStuffStage.Act("no room for a timeout", new Setting { Traitors = "D", Leaders = "DA" }, NoRoomForATimeout),
            HotStuffStage.Act("torn at every byte", new Setting { Traffic = true, Clients = 2 }, TornAtEveryByte),
            HotStuffStage.Act("a proposal torn at every byte", new Setting { Traffic = true, Clients = 2, Leaders = Always('B') }, TornAtEveryByte),
            HotStuffStage.Act("a timeout torn at every byte", new Setting { Traitors = "D", Traffic = true, Clients = 2, Leaders = Always('D'), Heals = false }, TornAtEveryByte),
            HotStuffStage.Act("bad in the middle", new Setting { Traffic = true, Clients = 2 }, BadInTheMiddle),
            HotStuffStage.Act("a flush that failed", new Setting { Traffic = true, Clients = 2 }, FailedFlush),
        ],
    };

    private static void NoRoomForAVote(HotStuffStage s)
    {
        s.Disk(s.B, DiskFault.Full);
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.Until("B finds no room", () => s.B.Instance.Alarms.ContainsKey(ReplicaAlarm.JournalFull));
        s.Wait(600);
        s.Expect("B promised nothing", !s.HasPromised(s.B));
        s.MakeRoom(s.B);
        s.Until("B promises again", () => s.HasPromised(s.B));
        s.Crash(s.B);
        s.Wait(5);
        s.Restart(s.B, CrashLoss.All);
        s.RunFaultFree(16);
    }

    private static void NoRoomForAProposal(HotStuffStage s)
    {
        s.Disk(s.A, DiskFault.Full);
        s.Client.Put("x");
        s.Until("A finds no room", () => s.A.Instance.Alarms.ContainsKey(ReplicaAlarm.JournalFull));
        s.Wait(40);
        s.Expect("A promised nothing", !s.HasPromised(s.A));
        s.MakeRoom(s.A);
        s.RunFaultFree(16);
        s.Expect("A proposed once in view 1", s.SignedIn(s.A, StatementKind.Proposal, 1).Count() <= 1);
    }

    // D is silent: A, B and C are needed to give view 1 up.
    private static void NoRoomForATimeout(HotStuffStage s)
    {
        s.Disk(s.B, DiskFault.Full);
        s.Client.Put("x");
        s.Until("B finds no room", () => s.B.Instance.Alarms.ContainsKey(ReplicaAlarm.JournalFull));
        s.Wait(300);
        s.Expect("nobody has left view 1", s.Honest.All(actor => actor.View == 1));
        s.Expect("B promised nothing", !s.HasPromised(s.B));
        s.MakeRoom(s.B);
        s.UntilInView(2, s.A, s.B, s.C);
    }

    private static string Always(char leader) => new(leader, 4_000);

    // What is not torn off is there and what is torn off is zero, as the file was before: at 0 bytes the whole record is a tail of zeros.
    private static void TornAtEveryByte(HotStuffStage s)
    {
        s.Wait(30);
        s.B.Instance.LossWhenStopped = CrashLoss.None;
        SimulatedDisk disk = s.B.Instance.JournalDisk;
        int length = int.MaxValue;
        for (int bytes = 0; bytes <= length; bytes += bytes < 64 ? 1 : 7)
        {
            long lives = s.B.Instance.Lives;
            disk.TearNextWrite(bytes);
            s.Until($"B's write is torn after {bytes} bytes and it starts again", () => s.B.Instance.Lives > lives, TimeSpan.FromSeconds(5));
            length = disk.LastTorn;
            s.Expect($"B needs no help to start after {bytes} bytes", s.B.Instance.LastWords is null);
        }

        s.Expect("a whole record was torn", length < int.MaxValue);
    }

    // A bit of a frame that others follow: what was promised behind it is unknown, so B must not go on as if nothing had been there.
    private static void BadInTheMiddle(HotStuffStage s)
    {
        s.Wait(60);
        s.Crash(s.B);
        s.Damage(s.B, at: 200);
        s.Restart(s.B);
        s.Expect($"B refuses its journal ({s.B.Instance.LastWords ?? "it does not"})", s.B.Instance.LastWords?.Contains("checksum", StringComparison.Ordinal) == true);
        s.Until("B starts with its disks taken away", () => s.B.Instance.Up);
        s.Expect("and without a vote", !s.B.Instance.Replica.Voting);
    }

    private static void FailedFlush(HotStuffStage s)
    {
        s.Wait(30);
        for (int times = 0; times < 8; times++)
        {
            s.Disk(s.B, DiskFault.FailedFlush);
            s.Wait(20);
            s.Crash(s.B);
            s.Restart(s.B, CrashLoss.All);
            s.Wait(30);
        }

        s.Expect("flushes failed", s.World.Faults[FaultKind.FlushFailed] > 0);
    }
}
