using System.Text;
using Bft.Applications.KeyValue;
using Bft.Engine;
using Bft.Simulation.Clients;
using Bft.Simulation.Network;
using Bft.Simulation.Scenarios.HotStuff;

namespace Bft.Simulation.Scenarios.Clients;

/// <summary>What clients are told, and what it costs.</summary>
internal static class ReadScenarios
{
    private static readonly Setting DSpeaks = new() { Traitors = "D", Clients = 3 };

    public static Scenario O46 { get; } = new("O-46", "Forked client read, and the bill")
    {
        Source = "SCENARIOS O-46; PROTOCOLS 0.1, 0.5, 3b",
        Shows = "two equal stale answers are not believed, different lies to different clients neither, nor one receipt; and a decided block costs exactly 2(n−1) messages",
        Acts =
        [
            HotStuffStage.Act("two equal stale answers", DSpeaks, StaleAnswers),
            HotStuffStage.Act("two lies", DSpeaks, TwoLies),
            HotStuffStage.Act("a lie behind a barrier", DSpeaks, LieBehindABarrier),
            HotStuffStage.Act("a false receipt", DSpeaks, FalseReceipt),
            HotStuffBill.Act(4, 1_000),
            HotStuffBill.Act(5, 1_000),
            HotStuffBill.Act(6, 1_000),
            HotStuffBill.Act(7, 1_000),
            HotStuffBill.Act(10, 1_000),
        ],
    };

    public static Scenario C10 { get; } = new("C-10", "A read while one replica alone has committed")
    {
        Source = "etcd#7331, tikv#6340 (PROTOCOLS 7d): a read index that is only one's own commit index",
        Shows = "A committed and D answers the write with it; B and C, who have voted for what made the commit and do not know of it, do not answer a read from before it, though D repeats the old value",
        Acts = [HotStuffStage.Act("two behind and a liar", new Setting { Traitors = "D", Leaders = new string('A', 40), Clients = 2 }, BehindACommit)],
    };

    private static void BehindACommit(HotStuffStage s)
    {
        s.Puppet(s.D).Honest = true;
        Operation first = s.World.Clients[0].Put("k");
        s.Until("the first write is answered", () => first.Returned is not null);
        s.Wait(500);
        // The write is in the block of this view, and the third block above it tells of its commit.
        ulong view = s.A.View;
        NetworkRule held = s.Hold(parcel => (parcel.To == s.B.Index || parcel.To == s.C.Index) && s.ViewOfProposal(parcel) >= view + 3);
        Operation second = s.World.Clients[0].Put("k");
        s.Until("the second write is answered", () => second.Returned is not null, TimeSpan.FromMilliseconds(80));
        s.Wait(1);
        s.Expect("B and C have not executed it", s.B.Committed < s.A.Committed && s.C.Committed < s.A.Committed);
        byte[] old = Encoding.UTF8.GetBytes(first.Value!);
        s.Puppet(s.D).Answers = () => (true, old, new Height(1_000));
        s.World.SlowAnswers = instance => instance == s.A.Instance ? TimeSpan.FromMilliseconds(200) : TimeSpan.Zero;
        Operation read = s.World.Clients[1].Get("k");
        s.Wait(40);
        s.Expect("no answer from before the second write is believed", read.Returned is null || read.Result == second.Value);
        s.Release(held);
        s.Until("the read is answered", () => read.Returned is not null, TimeSpan.FromSeconds(20));
        s.Expect("by the second write", read.Result == second.Value);
    }

    // A lags behind the second write, D tells the first value; what B and C say comes later. A leads neither view nor votes in the meantime: a replica that does waits with
    // its answer for what it may have helped to commit.
    private static void StaleAnswers(HotStuffStage s)
    {
        s.Puppet(s.D).Honest = true;
        Operation first = s.World.Clients[0].Put("k");
        s.Until("the first write is answered", () => first.Returned is not null);
        s.Wait(50);
        s.Isolate(s.A);
        Operation second = s.World.Clients[0].Put("k");
        s.Until("the second write is answered", () => second.Returned is not null);
        // What is asked at the very moment of an answer may still come before it.
        s.Wait(1);
        byte[] old = Encoding.UTF8.GetBytes(first.Value!);
        s.Puppet(s.D).Answers = () => (true, old, new Height(1_000));
        s.World.SlowAnswers = instance => instance == s.B.Instance || instance == s.C.Instance ? TimeSpan.FromMilliseconds(100) : TimeSpan.Zero;
        Operation read = s.World.Clients[1].Get("k");
        s.Until("the read is answered", () => read.Returned is not null, TimeSpan.FromSeconds(20));
        s.Expect("by the second write", read.Result == second.Value);
    }

    // D says of a write that it was refused, long before the others say that it was done.
    private static void FalseReceipt(HotStuffStage s)
    {
        s.Puppet(s.D).Honest = true;
        s.Puppet(s.D).Receipts = receipt => receipt with { Codes = new[] { KeyValueCodes.Malformed } };
        s.World.SlowAnswers = instance => instance == s.D.Instance ? TimeSpan.Zero : TimeSpan.FromMilliseconds(100);
        Operation write = s.World.Clients[0].Put("k");
        s.Until("the write is answered", () => write.Returned is not null);
        s.Expect("as done", write.Result is not null);
    }

    // A is away, so that no quorum says the same and the client orders its read; D is the first to answer behind it.
    private static void LieBehindABarrier(HotStuffStage s)
    {
        s.Puppet(s.D).Honest = true;
        Operation write = s.World.Clients[0].Put("k");
        s.Until("the write is answered", () => write.Returned is not null);
        s.Wait(50);
        s.World.SlowAnswers = instance => instance == s.D.Instance ? TimeSpan.Zero : instance == s.A.Instance ? TimeSpan.FromSeconds(30) : TimeSpan.FromMilliseconds(5);
        s.Puppet(s.D).Answers = () => (true, "a lie"u8.ToArray(), new Height(1_000));
        Operation read = s.World.Clients[1].Get("k");
        s.Until("the read is answered", () => read.Returned is not null, TimeSpan.FromSeconds(20));
        s.Expect("by what was written", read.Result == write.Value);
    }

    private static void TwoLies(HotStuffStage s)
    {
        s.Puppet(s.D).Honest = true;
        Operation write = s.World.Clients[0].Put("k");
        s.Until("the write is answered", () => write.Returned is not null);
        s.Wait(1);
        int lies = 0;
        s.Puppet(s.D).Answers = () => (true, Encoding.UTF8.GetBytes($"lie {++lies}"), new Height(1_000));
        s.World.SlowAnswers = instance => instance == s.D.Instance ? TimeSpan.Zero : TimeSpan.FromMilliseconds(5);
        Operation left = s.World.Clients[1].Get("k");
        Operation right = s.World.Clients[2].Get("k");
        s.Until("both are answered", () => left.Returned is not null && right.Returned is not null, TimeSpan.FromSeconds(20));
        s.Expect("both by what was written", left.Result == write.Value && right.Result == write.Value);
    }
}
