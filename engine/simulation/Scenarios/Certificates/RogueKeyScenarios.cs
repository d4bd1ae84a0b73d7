using Bft.Crypto.Bls12381;
using Bft.Crypto.Certificates;
using Bft.Engine;
using Bft.Simulation.Scenarios.HotStuff;

namespace Bft.Simulation.Scenarios.Certificates;

/// <summary>A key that cancels those of others in a sum of keys.</summary>
internal static class RogueKeyScenarios
{
    private const string Scheme = "bls";

    public static Scenario O18 { get; } = new("O-18", "Rogue BLS key")
    {
        Source = "SCENARIOS O-18; PROTOCOLS 21; Ristenpart and Yilek, \"The Power of Proofs-of-Possession\" (2007)",
        Shows = "a key made of one's own less those of A and B signs for all three where keys are summed up unproved; it is refused as a member's key without a proof and with every proof its owner can show, and what it signs is no certificate",
        Acts = [HotStuffStage.Act("registered and used", new Setting { Traitors = "D", Leaders = "AD", Configure = options => options with { Scheme = Scheme } }, RegisteredAndUsed)],
    };

    private static void RegisteredAndUsed(HotStuffStage s)
    {
        BlsScheme<G2Point, G1Point> bls = BlsSchemes.MinimalSignatures;
        CommitteeKeys honest = s.World.Keys.Committee;
        G2Point a = Key(bls, honest, 0), b = Key(bls, honest, 1);
        using BlsSecretKey known = BlsSecretKey.FromSeed([.. Enumerable.Repeat((byte)0x18, BlsSecretKey.LeastSeedBytes)]);
        G2Point rogue = bls.PublicKey(known) + -(a + b);
        byte[] rogueBytes = rogue.ToBytes();

        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.Until("D hears A's vote", () => s.HeardVote(s.A, "X") is not null);
        Statement statement = s.HeardVote(s.A, "X")!.Value.Statement;
        var message = new byte[Statement.SignedBytes];
        s.Chain.WriteSigned(statement, message);
        G1Point alone = bls.Sign(known, message);
        s.Expect("D alone signs for A, B and the rogue key: proofs are all that stands in between", bls.FastAggregateVerify([a, b, rogue], message, alone) == BlsRefusal.None);

        (string What, ReadOnlyMemory<byte> Proof)[] shown =
        [
            ("no proof", default),
            ("D's proof of its own key", honest.Possessions[3]),
            ("A's proof", honest.Possessions[0]),
            ("a proof of the key whose secret it knows", bls.ProvePossession(known).ToBytes()),
            ("the rogue key signed like a vote by the secret it knows", bls.Sign(known, rogueBytes).ToBytes()),
            ("the rogue key signed like a vote by D's own", SignedByMember(s, 3, rogueBytes)),
            ("the sum of all that A, B and it have", Sum(bls, honest.Possessions[0], honest.Possessions[1], bls.ProvePossession(known).ToBytes())),
        ];
        foreach ((string what, ReadOnlyMemory<byte> proof) in shown)
        {
            CommitteeKeys offered = honest with { PublicKeys = honest.PublicKeys.SetItem(3, rogueBytes), Possessions = honest.Possessions.SetItem(3, proof) };
            s.Expect($"the rogue key is refused with {what}, and D named", s.World.Options.JudgeKeys(Scheme, offered)?.Replica == 3);
        }

        // A vote over the bytes of one's own key must be no proof: else a vote could be asked for instead.
        CommitteeKeys voted = honest with { Possessions = honest.Possessions.SetItem(0, SignedByMember(s, 0, honest.PublicKeys[0].Span)) };
        s.Expect("a key signed like a vote is no proof, also with the right secret", s.World.Options.JudgeKeys(Scheme, voted)?.Replica == 0);

        var forged = new QuorumCertificate(statement, ReplicaSet.Of(0, 1, 3), alone.ToBytes());
        s.Expect("B refuses the forged certificate", s.ShowCertificate(s.B, s.D, forged) == EdgeVerdict.Refused);
        s.Expect("B refuses it inside a proposal", s.Show(s.B, s.D.Id, s.Encoded(s.Leader(2, s.D).Propose("W", on: "X", by: forged))) == EdgeVerdict.Refused);
    }

    private static G2Point Key(BlsScheme<G2Point, G1Point> bls, CommitteeKeys keys, int replica) =>
        bls.ReadKey(keys.PublicKeys[replica].Span, out G2Point key) == BlsRefusal.None ? key : throw new InvalidOperationException($"The key of replica {replica} does not decode.");

    private static byte[] SignedByMember(HotStuffStage s, int replica, ReadOnlySpan<byte> bytes)
    {
        var signature = new byte[s.World.Keys.Scheme.VoteSignatureBytes];
        s.World.Keys.SignerOf(replica).Sign(bytes, signature);
        return signature;
    }

    private static byte[] Sum(BlsScheme<G2Point, G1Point> bls, params ReadOnlyMemory<byte>[] proofs)
    {
        G1Point sum = G1Point.Identity;
        foreach (ReadOnlyMemory<byte> proof in proofs)
        {
            sum += bls.ReadSignature(proof.Span, out G1Point point) == BlsRefusal.None ? point : throw new InvalidOperationException("A proof does not decode.");
        }

        return sum.ToBytes();
    }
}
