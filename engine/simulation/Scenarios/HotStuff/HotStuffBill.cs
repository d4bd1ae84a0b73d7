using Bft.Engine;
using Bft.Engine.Transport;

namespace Bft.Simulation.Scenarios.HotStuff;

/// <summary>What a decided block of HotStuff costs, counted message by message on the wire and compared with the meters: 2(n−1), and not one more.</summary>
internal static class HotStuffBill
{
    public static Act Act(int nodes, int blocks) => HotStuffStage.Act(
        $"the bill for n = {nodes}", new Setting { Nodes = nodes, Traffic = true, Clients = 8 }, stage => Count(stage, (ulong)blocks));

    private static void Count(HotStuffStage s, ulong blocks)
    {
        long onTheWire = 0;
        var proposals = new SortedDictionary<ulong, int>();
        var votes = new SortedDictionary<ulong, int>();
        long others = 0;
        s.Watch = parcel =>
        {
            if (parcel.Traffic != TrafficClass.Consensus)
            {
                return;
            }

            onTheWire++;
            if (s.ViewOfProposal(parcel) is { } proposed)
            {
                proposals[proposed] = proposals.GetValueOrDefault(proposed) + 1;
            }
            else if (s.ViewOfVote(parcel) is { } voted)
            {
                votes[voted] = votes.GetValueOrDefault(voted) + 1;
            }
            else
            {
                others++;
            }
        };
        s.Until("the chain is under way", () => s.A.View >= 10);
        ulong first = s.A.View + 2;
        s.Until($"{blocks} more blocks are decided", () => s.Honest.All(actor => actor.View > first + blocks + 2), TimeSpan.FromMinutes(3));
        int each = s.Setting.Nodes - 1;
        (ulong wrongProposals, ulong wrongVotes, long billed) = (0, 0, 0);
        for (ulong view = first; view < first + blocks; view++)
        {
            wrongProposals += proposals.GetValueOrDefault(view) == each ? 0UL : 1;
            wrongVotes += votes.GetValueOrDefault(view) == each ? 0UL : 1;
            billed += proposals.GetValueOrDefault(view) + votes.GetValueOrDefault(view);
        }

        s.Expect($"each of {blocks} blocks has {each} proposals and {each} votes ({wrongProposals} and {wrongVotes} have not)", wrongProposals == 0 && wrongVotes == 0);
        s.Expect($"{blocks} blocks cost 2(n−1) each, not {billed}", billed == 2L * each * (long)blocks);
        s.Expect($"nothing else is said ({others} messages)", others == 0);
        long metered = Enum.GetValues<Phase>().Sum(s.World.Meter.Messages);
        s.Expect($"the meters say {metered}, the wire {onTheWire}", metered == onTheWire);
        s.Watch = null;
    }
}
