using Bft.Applications.KeyValue;
using Bft.Engine;
using Bft.Engine.HotStuff;
using Bft.Engine.Sync;
using Bft.Engine.Transport;
using Bft.Simulation.Clients;
using Bft.Simulation.Network;

namespace Bft.Simulation.Scenarios.HotStuff;

/// <summary>Too much, and not well formed.</summary>
internal static class HostileBytesScenarios
{
    private const ulong FloodedViews = 20_000;
    private const ulong LargeViews = 48;
    private const ulong ViewsBehind = 2_000;
    private const int Flips = 10_000;
    private const int FrameBytes = 64 << 20;
    private const double RefusalsForgottenAfterMilliseconds = 16_000;

    public static Scenario O20 { get; } = new("O-20", "Future-message flood")
    {
        Source = "SCENARIOS O-20; PROTOCOLS 16.5; hotstuff_rs#1, tari-ootle PR 2647",
        Shows = "tens of thousands of signed votes and timeouts of future views are bounded and displace nobody else's, and so are proposals, by their bytes; a replica thousands of views behind catches up by certificate",
        Acts =
        [
            HotStuffStage.Act("flood", new Setting { Traitors = "D", Leaders = "BAAB" }, Flood),
            HotStuffStage.Act("large proposals", new Setting { Traitors = "D", Leaders = "BAAB" }, LargeProposals),
            HotStuffStage.Act("thousands of views behind", new Setting { Traffic = true, Clients = 3 }, FarBehind),
        ],
    };

    public static Scenario O21 { get; } = new("O-21", "Garbled and oversized")
    {
        Source = "SCENARIOS O-21; PROTOCOLS 16.9, 16.10",
        Shows = "every kind of message, cut at each byte, with flipped bits, lying lengths and added ends, is refused without an exception, without more memory than its own length allows, and changes nothing",
        Acts =
        [
            HotStuffStage.Act("every kind of message", new Setting { Traitors = "D", Traffic = true, Clients = 3, Options = Tenures }, Garbled),
            HotStuffStage.Act("whoever is refused too often", new Setting { Traitors = "D", Leaders = "AB" }, NotListenedTo),
        ],
    };

    private static ProtocolOptions Tenures => new() { ViewTimeout = TimeSpan.FromMilliseconds(100), MaxViewTimeout = TimeSpan.FromSeconds(1), LeaderElection = "tenure" };

    // A gathers the votes of view 1: it has its own and B's when the flood comes, and C's behind it.
    private static void Flood(HotStuffStage s)
    {
        NetworkRule held = s.Hold(s.Votes(1, from: s.C, to: s.A));
        s.Client.Put("x");
        s.Leader(1, s.B).Proposes("X");
        s.UntilVoted("X", s.A, s.B, s.C);
        s.Wait(5);
        Statement vote = s.VoteOf(s.D, "X").Statement;
        for (ulong ahead = 1; ahead <= FloodedViews; ahead++)
        {
            s.SendVote(s.D, s.Sign(s.D, vote with { View = new View(1 + ahead) }), s.A);
            s.TimeOut(s.D, 1 + ahead).To(s.A);
        }

        s.Wait(10);
        s.Release(held);
        s.Until("A certifies X out of its own, B's and C's votes", () => s.A.HighestCertified >= 1, TimeSpan.FromMilliseconds(60));
        s.Wait(1_100);
        s.Expect("the flood did not move A", s.A.View < 100);
    }

    // Few of them, each as large as a block may be, of clients' own commands: a bound on their number would let them fill the memory.
    private static void LargeProposals(HotStuffStage s)
    {
        var name = new byte[32];
        name[0] = 1;
        List<Run> runs = [];
        for (ulong first = 10; first < 22; first += 3)
        {
            byte[] value = new byte[KeyValueCommand.MaxValueBytes];
            Run run = Run.WithoutSignature(s.Chain, name, first, [.. Enumerable.Range(0, 3).Select(_ => (ReadOnlyMemory<byte>)KeyValueCommand.Put("large"u8, value))]);
            s.World.Runs.Sign(run);
            runs.Add(run);
        }

        for (ulong ahead = 1; ahead <= LargeViews; ahead++)
        {
            Block block = s.Make(1 + ahead, s.D, s["G"], s.Certificate("G"), runs: runs);
            s.Says(s.D, new ProposalMessage(s.Sign(s.D, ProposalMessage.ProposalStatement(block)), block, null)).To(s.A);
            s.Wait(5);
        }

        s.Wait(1_100);
        s.Expect("A has not moved", s.A.View <= 1);
    }

    private static void FarBehind(HotStuffStage s)
    {
        s.Wait(20);
        Action mend = s.Isolate(s.C);
        ulong view = s.C.View;
        s.Until($"the others are {ViewsBehind} views ahead", () => s.A.View > view + ViewsBehind, TimeSpan.FromMinutes(2));
        mend();
        s.Until("C is in the others' view", () => s.C.View + 3 >= s.A.View);
        s.Until("and in their history", () => s.C.Committed + 5 >= s.A.Committed);
    }

    private static void Garbled(HotStuffStage s)
    {
        GatherSamples(s);
        (ulong view, ulong certified, ulong committed) = (s.A.View, s.A.HighestCertified, s.A.Committed);
        var random = new Randomness(21);
        int bits = s.Samples.Values.Sum(sample => 8 * sample.Length);
        foreach (((TrafficClass traffic, byte kind), byte[] sample) in s.Samples.OrderBy(entry => entry.Key))
        {
            string what = $"{traffic} {kind}";
            bool signed = traffic == TrafficClass.Consensus;
            s.Expect($"{what} has one encoding", !signed || WireMessage.Encode(WireMessage.Decode(s.Chain, s.World.Protocol, sample)!).AsSpan().SequenceEqual(sample));
            for (int length = 0; length < sample.Length; length += 1 + (sample.Length / 1024))
            {
                Refused(s, $"{what} cut at {length}", sample[..length], signed);
            }

            for (int bit = random.Below(7); bit < 8 * sample.Length; bit += 1 + random.Below((2 * bits / Flips) + 1))
            {
                byte[] flipped = [.. sample];
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                Refused(s, $"{what} with bit {bit} flipped", flipped, signed);
            }

            for (int unknown = 0; unknown <= byte.MaxValue; unknown++)
            {
                if (!s.Samples.ContainsKey((traffic, (byte)unknown)))
                {
                    Refused(s, $"{what} as kind {unknown}", [sample[0], (byte)unknown, .. sample[2..]], true);
                }
            }

            for (int at = 2; at + 4 <= sample.Length; at += 1 + (sample.Length / 200))
            {
                foreach (int lie in new[] { int.MaxValue, -1 })
                {
                    byte[] lying = [.. sample];
                    BitConverter.TryWriteBytes(lying.AsSpan(at), lie);
                    Refused(s, $"{what} with {lie} at {at}", lying, signed);
                }
            }

            Refused(s, $"{what} with an added end", [.. sample, 0], true);
            var giant = new byte[FrameBytes];
            sample.CopyTo(giant.AsSpan());
            Refused(s, $"{what} in {FrameBytes} bytes", giant, true);
            s.Wait(1);
        }

        Refused(s, "an empty frame", [], true);
        s.Wait(100);
        s.Expect("A is where it was", s.A.View == view && s.A.HighestCertified == certified && s.A.Committed == committed);
    }

    // What is refused is charged to its sender: in the end it is not looked at any more, and the others are; after a while it is heard again.
    private static void NotListenedTo(HotStuffStage s)
    {
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.UntilVoted("X", s.A, s.B, s.C);
        Vote good = s.VoteOf(s.D, "X");
        s.Expect("a good vote of D is taken", s.ShowVote(s.B, s.D.Id, good) == EdgeVerdict.Taken);
        byte[] bad = [.. s.Encoded(s.Vote(s.D, "X")), 0];
        int looked = 0;
        while (looked < 1_000 && s.Show(s.B, s.D.Id, bad) == EdgeVerdict.Refused)
        {
            looked++;
        }

        s.Expect($"D is not listened to after {looked} false messages", looked < 1_000);
        s.Expect("not with a good one either", s.ShowVote(s.B, s.D.Id, good) == EdgeVerdict.Throttled);
        s.Expect("the same message of A is taken", s.ShowVote(s.B, s.A.Id, good) == EdgeVerdict.Taken);
        s.Wait(RefusalsForgottenAfterMilliseconds);
        s.Expect("D is heard again", s.ShowVote(s.B, s.D.Id, good) == EdgeVerdict.Taken);
    }

    // One message of each kind: C was away, so it fetches ranges, and misses some proposals, so it fetches blocks; then D is silent, so views change.
    private static void GatherSamples(HotStuffStage s)
    {
        s.Puppet(s.D).Honest = true;
        Action mend = s.Isolate(s.C);
        s.Wait(600);
        mend();
        s.Wait(1_500);
        NetworkRule lost = s.Drop(s.Proposals(to: s.C));
        s.Wait(10);
        s.Release(lost);
        s.Wait(100);
        s.Puppet(s.D).Honest = false;
        (TrafficClass, byte)[] wanted =
        [
            (TrafficClass.Consensus, 1), (TrafficClass.Consensus, 2), (TrafficClass.Consensus, 3), (TrafficClass.Consensus, 4),
            (TrafficClass.Repair, (byte)RepairKind.BlockRequest), (TrafficClass.Repair, (byte)RepairKind.Block), (TrafficClass.Repair, (byte)RepairKind.RangeRequest),
            (TrafficClass.Repair, (byte)RepairKind.Range), (TrafficClass.Repair, (byte)RepairKind.HeadRequest), (TrafficClass.Repair, (byte)RepairKind.Head),
        ];
        s.Wait(2_000);
        s.Expect($"every kind of message was sent, without {string.Join(" ", wanted.Where(kind => !s.Samples.ContainsKey(kind)))}", wanted.All(s.Samples.ContainsKey));
        foreach (SimulatedClient client in s.World.Clients)
        {
            client.Resting = true;
        }

        s.Until("everybody is done and silent", () => s.World.Clients.All(client => !client.Waiting));
        s.Wait(1_500);
    }

    private static void Refused(HotStuffStage s, string what, byte[] bytes, bool mustBe)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        EdgeVerdict verdict = s.Show(s.A, s.D.Id, bytes);
        if (verdict == EdgeVerdict.Throttled && bytes[0] == (byte)TrafficClass.Consensus)
        {
            // D was refused too often to be listened to. What A makes of the bytes is told when it listens again.
            s.Wait(RefusalsForgottenAfterMilliseconds);
            before = GC.GetAllocatedBytesForCurrentThread();
            verdict = s.Show(s.A, s.D.Id, bytes);
            s.Expect($"{what} is looked at", verdict != EdgeVerdict.Throttled);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        long allowed = (128 << 10) + (8L * Math.Min(bytes.Length, s.Chain.Limits.MaxBlockBytes));
        if (mustBe && verdict == EdgeVerdict.Taken)
        {
            s.Expect($"{what} is refused", false);
        }

        if (allocated > allowed)
        {
            s.Expect($"{what} takes no more memory than its length allows ({allocated} bytes)", false);
        }
    }
}
