using Bft.Ledger.Disks;
using Bft.Simulation.Scenarios.HotStuff;

namespace Bft.Simulation.Scenarios.Storage;

/// <summary>All machines stop at once: what nobody flushed nobody has, and there is no one to fetch it from.</summary>
internal static class PowerScenarios
{
    private const int SmallSegmentBytes = 6 << 10;

    public static Scenario C09 { get; } = new("C-09", "All machines lose power")
    {
        Source = "PROTOCOLS 0.4.1, 0.4.2; DESIGN port rule 5: journal segments go when the copy in the ledger is flushed",
        Shows = "every machine stops at the same moment and loses what was not flushed, again and again: whatever was committed or answered is there afterwards, at the same heights",
        Acts =
        [
            HotStuffStage.Act("unflushed lost", Small, stage => PowerCuts(stage, CrashLoss.All)),
            HotStuffStage.Act("unflushed reordered", Small, stage => PowerCuts(stage, CrashLoss.Reordered)),
            HotStuffStage.Act("unflushed torn", Small, stage => PowerCuts(stage, CrashLoss.Torn)),
        ],
    };

    // Segments that hold a handful of blocks, so that some always go between two flushes of the ledger.
    private static Setting Small => new() { Traffic = true, Clients = 4, Configure = options => options with { JournalSegmentBytes = SmallSegmentBytes } };

    private static void PowerCuts(HotStuffStage s, CrashLoss loss)
    {
        for (int times = 0; times < 8; times++)
        {
            s.Wait(100 + (37 * times % 400));
            ulong committed = s.World.Watch.Agreement.Highest;
            foreach (Actor actor in s.Everyone)
            {
                s.Crash(actor);
            }

            foreach (Actor actor in s.Everyone)
            {
                s.Restart(actor, loss);
            }

            s.Until($"more is committed than before power cut {times + 1}", () => s.Everyone.All(actor => actor.Committed > committed));
        }
    }
}
