using Bft.Engine;
using Bft.Engine.Sync;
using Bft.Engine.Transport;
using Bft.Simulation.Network;

namespace Bft.Simulation.Scenarios.HotStuff;

/// <summary>What a replica that catches up is told of the past.</summary>
internal static class SyncScenarios
{
    public static Scenario C08 { get; } = new("C-08", "A past that never was")
    {
        Source = "PROTOCOLS 6d: CometBFT ASA-2025-001; DESIGN \"CommitRule on each\"",
        Shows = "C was away and asks D for committed blocks: what D makes up, without a proof, with a genuine certificate of another block, or with a chain that is certified short of a commit, is refused",
        Acts =
        [
            HotStuffStage.Act("without a proof", Away, stage => MadeUp(stage, (_, _) => new CommitProof(null, []))),
            HotStuffStage.Act("with the certificate of another block", Away, stage => MadeUp(stage, (s, _) => new CommitProof(s.Certificate("X"), []))),
            HotStuffStage.Act("with a path to another block's certificate", Away, stage => MadeUp(stage, (s, _) => new CommitProof(s.Certificate("Z"), [s["Y"].Header, s["Z"].Header]))),
            HotStuffStage.Act("with its own certificate only", Away, stage => MadeUp(stage, (s, block) => new CommitProof(ByOneself(s, block), []))),
        ],
    };

    private static Setting Away => new() { Traitors = "D", Leaders = "AAAA" };

    // C sees nothing but what D makes of the past.
    private static void MadeUp(HotStuffStage s, Func<HotStuffStage, Block, CommitProof> proofOf)
    {
        s.Puppet(s.D).Honest = true;
        s.Isolate(s.C);
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.Leader(2, s.A).Proposes("Y");
        s.Leader(3, s.A).Proposes("Z");
        s.Leader(4, s.A).Proposes("V");
        s.Until("it is answered", () => !s.Client.Waiting);
        s.Wait(500);
        Block forged = s.Make(1, s.D, s["G"], s.Certificate("G"));
        byte[] answer = RepairMessages.Range(forged.Height, [new CommittedBlock(forged, proofOf(s, forged))]);
        int given = 0;
        s.Puppet(s.D).Says = (to, traffic, bytes) =>
        {
            if (traffic != TrafficClass.Repair || bytes[1] != (byte)RepairKind.Range || to != s.C.Id)
            {
                return bytes;
            }

            given++;
            return answer;
        };
        s.World.Network.Heal();
        NetworkRule silent = s.Drop(parcel => parcel.To == s.C.Index && !(parcel.Traffic == TrafficClass.Repair &&
            (parcel.Kind == (byte)RepairKind.Head || (parcel.Kind == (byte)RepairKind.Range && parcel.From == s.D.Index))));
        s.Until("D has answered C", () => given > 0, TimeSpan.FromSeconds(30));
        s.Wait(100);
        s.Expect("C believes nothing of it", s.C.Committed == 0 && !s.C.HasCommitted(forged));
        s.Release(silent);
    }

    private static QuorumCertificate ByOneself(HotStuffStage s, Block block)
    {
        Vote vote = s.Sign(s.D, new Statement(StatementKind.Vote, block.Header.Epoch, block.View, block.Height, block.Digest));
        return new QuorumCertificate(vote.Statement, ReplicaSet.Of(vote.Signer.Value), vote.Signature);
    }
}
