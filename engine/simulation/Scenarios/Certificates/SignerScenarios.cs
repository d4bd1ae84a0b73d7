using Bft.Crypto;
using Bft.Engine;
using Bft.Simulation.Network;
using Bft.Simulation.Scenarios.HotStuff;

namespace Bft.Simulation.Scenarios.Certificates;

/// <summary>Signers who are counted twice, do not exist, or signed something else.</summary>
internal static class SignerScenarios
{
    // The order of Ed25519's base point, little-endian: S + L signs what S signs, for a verifier that does not look.
    private static readonly byte[] GroupOrder = Convert.FromHexString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");

    public static Scenario O16 { get; } = new("O-16", "Duplicate signers")
    {
        Source = "SCENARIOS O-16; PROTOCOLS 16.1; NethermindEth/nethermind#11027, monad-bft#2086, onflow/flow-go#1830",
        Shows = "certificates of the weight of a quorum out of two signers are refused, also with two encodings of one signature; votes of one signer count once, and a second vote neither displaces the first nor goes unproved",
        Acts =
        [
            HotStuffStage.Act("lists", new Setting { Traitors = "D", Leaders = "AD", RealSignatures = true }, Lists),
            HotStuffStage.Act("votes said again", new Setting { Traitors = "D", Leaders = "AB" }, VotesAgain),
            HotStuffStage.Act("another signature of what was verified", new Setting { Traitors = "D", Leaders = "AD" }, OtherSignature),
            HotStuffStage.Act("a second vote", new Setting { Traitors = "D", Leaders = "AB" }, stage => SecondVote(stage, otherHeight: false)),
            HotStuffStage.Act("a second vote at another height", new Setting { Traitors = "D", Leaders = "AB" }, stage => SecondVote(stage, otherHeight: true)),
        ],
    };

    public static Scenario O17 { get; } = new("O-17", "Foreign or out-of-range signers")
    {
        Source = "SCENARIOS O-17",
        Shows = "signers n, 255, 65535, an observer's key and last epoch's key are refused without an exception",
        Acts = [HotStuffStage.Act("strangers", new Setting { Traitors = "D", Leaders = "AD", RealSignatures = true }, Strangers)],
    };

    public static Scenario O19 { get; } = new("O-19", "Certificate from another epoch, chain or phase")
    {
        Source = "SCENARIOS O-19; PROTOCOLS 16.4",
        Shows = "genuine signatures of another epoch, another chain and another phase are refused, as they are and dressed up as this one's",
        Acts = [HotStuffStage.Act("replayed", new Setting { Traitors = "D", Leaders = "AD", Configure = InEpochTwo }, Replayed)],
    };

    private static WorldOptions InEpochTwo(WorldOptions options) => options with { Committee = new Committee(options.Nodes, options.Protocol.Model, new Epoch(2)) };

    // D leads view 2 and hears A's vote only: it has two signatures, its own among them, and a quorum is three.
    private static void Lists(HotStuffStage s)
    {
        s.Hold(parcel => s.Votes(1)(parcel) && parcel.From != s.A.Index);
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.Until("D hears A's vote", () => s.HeardVote(s.A, "X") is not null);
        Vote a = s.HeardVote(s.A, "X")!.Value;
        Vote d = s.VoteOf(s.D, "X");
        byte[] other = WithOtherEncoding(d.Signature.Span);
        long refused = s.B.Refused;
        (string What, int[] Signers, ReadOnlyMemory<byte>[] List)[] forged =
        [
            ("{A,D} with three", [0, 3], [a.Signature, d.Signature, d.Signature]),
            ("{A,D} with three, two of A", [0, 3], [a.Signature, a.Signature, d.Signature]),
            ("{A,D} with D in two encodings", [0, 3], [a.Signature, d.Signature, other]),
            ("{A,B,D} with two of D", [0, 1, 3], [a.Signature, d.Signature, d.Signature]),
            ("{A,C,D} with two of A", [0, 2, 3], [a.Signature, a.Signature, d.Signature]),
            ("{A,B,D} with D in two encodings", [0, 1, 3], [a.Signature, other, d.Signature]),
            ("{B,C,D} all of D", [1, 2, 3], [d.Signature, d.Signature, d.Signature]),
            ("{D} three times", [3], [d.Signature, d.Signature, d.Signature]),
            ("{A,D}", [0, 3], [a.Signature, d.Signature]),
            ("nobody", [], []),
        ];
        foreach ((string what, int[] signers, ReadOnlyMemory<byte>[] list) in forged)
        {
            var certificate = new QuorumCertificate(a.Statement, ReplicaSet.Of(signers), Join(list));
            s.Expect($"B refuses {what}", s.Show(s.B, s.D.Id, s.Encoded(s.Show(s.D, certificate))) == EdgeVerdict.Refused);
            s.Expect($"B refuses {what} inside a proposal", s.Show(s.B, s.D.Id, s.Encoded(s.Leader(2, s.D).Propose("W", on: "X", by: certificate))) == EdgeVerdict.Refused);
        }

        Vote timeout = s.Sign(s.D, a.Statement with { Kind = StatementKind.Timeout, Slot = default, Subject = default });
        var timeouts = new QuorumCertificate(timeout.Statement, ReplicaSet.Of(0, 3), Join(timeout.Signature, timeout.Signature, timeout.Signature));
        s.Expect("B refuses three timeouts of D", s.Show(s.B, s.D.Id, s.Encoded(s.Show(s.D, s.Certificate("G"), timeouts))) == EdgeVerdict.Refused);
        s.Wait(5);
        s.Expect("nobody has left view 1", s.Honest.All(actor => actor.View == 1 && actor.HighestCertified == 0) && s.B.Refused == refused);
    }

    // B has verified both: what it remembers of them is what was signed together with the signature.
    private static void OtherSignature(HotStuffStage s)
    {
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.UntilCertifiable("X");
        QuorumCertificate genuine = s.Certificate("X");
        Vote vote = s.VoteOf(s.D, "X");
        s.Expect("B takes the genuine vote", s.ShowVote(s.B, s.D.Id, vote) == EdgeVerdict.Taken);
        s.Expect("B takes the genuine certificate", s.ShowCertificate(s.B, s.D, genuine) == EdgeVerdict.Taken);
        s.Expect("B refuses the vote with another signature", s.ShowVote(s.B, s.D.Id, vote with { Signature = Flipped(vote.Signature) }) == EdgeVerdict.Refused);
        s.Expect(
            "B refuses the certificate with another signature",
            s.ShowCertificate(s.B, s.D, new QuorumCertificate(genuine.Statement, genuine.Signers, Flipped(genuine.Signature))) == EdgeVerdict.Refused);
    }

    private static byte[] Flipped(ReadOnlyMemory<byte> signature)
    {
        byte[] other = signature.ToArray();
        other[^1] ^= 1;
        return other;
    }

    // B gathers the votes of view 1: its own, and D's again and again.
    private static void VotesAgain(HotStuffStage s)
    {
        NetworkRule held = s.Hold(parcel => s.Votes(1)(parcel) && parcel.From != s.D.Index);
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.UntilVoted("X", s.B);
        Vote once = s.VoteOf(s.D, "X");
        for (int i = 0; i < 4; i++)
        {
            s.SendVote(s.D, once, s.B);
            s.SendVote(s.D, once with { Signature = Flipped(once.Signature) }, s.B);
        }

        s.Wait(5);
        s.Expect("B certifies nothing out of two signers", s.B.HighestCertified == 0);
        s.Release(held);
        s.Until("B certifies X", () => s.B.HighestCertified >= 1);
    }

    // D votes for X, then for something else in the same view; with B's own and A's the first vote makes a quorum.
    private static void SecondVote(HotStuffStage s, bool otherHeight)
    {
        NetworkRule held = s.Hold(parcel => s.Votes(1)(parcel) && parcel.From != s.D.Index);
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.UntilVoted("X", s.A, s.B, s.C);
        s.Vote(s.D, "X").To(s.B);
        s.Wait(5);
        Statement first = s.VoteOf(s.D, "X").Statement;
        Statement second = first with { Subject = s.Chain.Hash.Hash("something else"u8), Slot = otherHeight ? new Height(7) : first.Slot };
        s.SendVote(s.D, s.Sign(s.D, second), s.B);
        s.Until("B proves the double sign", () => s.B.Instance.Evidence.Any(evidence => evidence.First.Signer == s.D.Id));
        Action mend = s.OneWay(s.C, s.B);
        s.Release(held);
        s.Until("B certifies X with D's first vote", () => s.B.HighestCertified >= 1, TimeSpan.FromMilliseconds(60));
        mend();
    }

    private static void Strangers(HotStuffStage s)
    {
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.UntilCertifiable("X");
        QuorumCertificate genuine = s.Certificate("X");
        Vote vote = s.VoteOf(s.D, "X");
        foreach (int stranger in new[] { 4, 7, 255, 256, ushort.MaxValue })
        {
            s.Expect($"B refuses a vote of replica {stranger}", s.ShowVote(s.B, s.D.Id, vote with { Signer = new ReplicaId(stranger) }) == EdgeVerdict.Refused);
            s.Expect($"B refuses replica {stranger} as a peer", s.ShowVote(s.B, new ReplicaId(stranger), vote) == EdgeVerdict.Refused);
        }

        foreach (int stranger in new[] { 4, 7, 63, 64, 255 })
        {
            ReplicaSet four = genuine.Signers.With(new ReplicaId(stranger));
            ReplicaSet three = four.Without(new ReplicaId(genuine.Signers.ToArray()[0]));
            ReadOnlyMemory<byte> longer = Join(genuine.Signature, vote.Signature);
            s.Expect($"B refuses a certificate with replica {stranger}", s.ShowCertificate(s.B, s.D, new QuorumCertificate(genuine.Statement, four, longer)) == EdgeVerdict.Refused);
            ReadOnlyMemory<byte> ofTwo = genuine.Signature[vote.Signature.Length..];
            s.Expect($"B refuses one with replica {stranger} to make up the number", s.ShowCertificate(s.B, s.D, new QuorumCertificate(genuine.Statement, three, ofTwo)) == EdgeVerdict.Refused);
            s.Expect($"B refuses one with replica {stranger} for another", s.ShowCertificate(s.B, s.D, new QuorumCertificate(genuine.Statement, three, genuine.Signature)) == EdgeVerdict.Refused);
        }

        byte[] observer = SignedBy(s, Nodes.SimulatedKeys.RealKey(77, "observer"u8, 3), vote.Statement);
        byte[] removed = SignedBy(s, KeyOfLastEpoch(s.D.Id.Value), vote.Statement);
        s.Expect("B refuses an observer's key", s.ShowVote(s.B, s.D.Id, vote with { Signature = observer }) == EdgeVerdict.Refused);
        s.Expect("B refuses last epoch's key", s.ShowVote(s.B, s.D.Id, vote with { Signature = removed }) == EdgeVerdict.Refused);
        s.Expect("and takes D's own", s.ShowVote(s.B, s.D.Id, vote) == EdgeVerdict.Taken);
    }

    private static void Replayed(HotStuffStage s)
    {
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.UntilCertifiable("X");
        Epoch here = s.Chain.Committee.Epoch;
        var before = new Epoch(here.Value - 1);
        var lastEpoch = new Chain(s.Chain.Id, s.Chain.Protocol, new Committee(4, FaultModel.Byzantine, before), s.Chain.Hash);
        var elsewhere = new Chain(AnotherChain, s.Chain.Protocol, s.Chain.Committee, s.Chain.Hash);
        var timeouts = new Statement(StatementKind.Timeout, before, new View(5), default, default);
        Statement votes = s.VoteOf(s.D, "X").Statement with { View = new View(5) };
        (string What, QuorumCertificate Certificate)[] replayed =
        [
            ("timeouts of the last epoch", s.FromThePast(lastEpoch, timeouts, s.A, s.B, s.C)),
            ("timeouts of the last epoch as this one's", Dressed(s.FromThePast(lastEpoch, timeouts, s.A, s.B, s.C), timeouts with { Epoch = here })),
            ("votes of the last epoch as this one's", Dressed(s.FromThePast(lastEpoch, votes with { Epoch = before }, s.A, s.B, s.C), votes)),
            ("timeouts of another chain", s.FromThePast(elsewhere, timeouts with { Epoch = here }, s.A, s.B, s.C)),
            ("votes of another chain", s.FromThePast(elsewhere, votes, s.A, s.B, s.C)),
            ("proposals as votes", Dressed(s.FromThePast(s.Chain, votes with { Kind = StatementKind.Proposal }, s.A, s.B, s.C), votes)),
            ("votes as timeouts", Dressed(s.FromThePast(s.Chain, timeouts with { Epoch = here, Kind = StatementKind.Vote }, s.A, s.B, s.C), timeouts with { Epoch = here })),
        ];
        foreach ((string what, QuorumCertificate certificate) in replayed)
        {
            bool isTimeouts = certificate.Statement.Kind == StatementKind.Timeout;
            Line shown = isTimeouts ? s.Show(s.D, s.Certificate("X"), certificate) : s.Show(s.D, certificate);
            s.Expect($"B refuses {what}", s.Show(s.B, s.D.Id, s.Encoded(shown)) == EdgeVerdict.Refused);
        }

        s.Wait(5);
        s.Expect("B has not left view 1", s.B.View == 1);
    }

    /// <summary>The identity of a chain that is not this one.</summary>
    internal static Digest AnotherChain { get; } = HashFunction.Sha256.Hash("another chain"u8);

    /// <summary>The key that a replica had in the epoch before; it was removed.</summary>
    internal static Crypto.Signatures.ISigner KeyOfLastEpoch(int replica) => Nodes.SimulatedKeys.RealKey(1, "last epoch"u8, replica);

    private static QuorumCertificate Dressed(QuorumCertificate certificate, Statement claimed) => new(claimed, certificate.Signers, certificate.Signature);

    private static byte[] SignedBy(HotStuffStage s, Crypto.Signatures.ISigner signer, Statement statement)
    {
        Span<byte> message = stackalloc byte[Statement.SignedBytes];
        s.Chain.WriteSigned(statement, message);
        var signature = new byte[signer.Scheme.SignatureBytes];
        signer.Sign(message, signature);
        return signature;
    }

    private static ReadOnlyMemory<byte> Join(params ReadOnlyMemory<byte>[] signatures)
    {
        List<byte> joined = [];
        foreach (ReadOnlyMemory<byte> signature in signatures)
        {
            joined.AddRange(signature.Span);
        }

        return joined.ToArray();
    }

    // S + L: the same point, other bytes.
    private static byte[] WithOtherEncoding(ReadOnlySpan<byte> signature)
    {
        byte[] other = signature.ToArray();
        int carry = 0;
        for (int i = 0; i < GroupOrder.Length; i++)
        {
            carry += other[32 + i] + GroupOrder[i];
            other[32 + i] = (byte)carry;
            carry >>= 8;
        }

        return other;
    }
}
