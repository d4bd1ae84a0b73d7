using Bft.Crypto;
using Bft.Engine;

namespace Bft.Simulation.Mutations;

/// <summary>How a replica fills its holes, and what it believes of the past, broken once each.</summary>
internal static class MutatedRepair
{
    private const string SentAgain = "whatever may be lost is sent again on a timer; DESIGN rule 9";
    private const string Proved = "CommitRule on each block of a range; DESIGN \"BlockSync\", CometBFT ASA-2025-001";

    public static IReadOnlyList<Mutation> All { get; } =
    [
        OfLoop("missing-blocks-asked-of-nobody", "asks nobody for a certified block that it misses", SentAgain, () => new AsksNobody()),
        OfLoop("missing-blocks-asked-once", "asks for a missing block once and never again", SentAgain, () => new AsksOnce()),
        OfLoop("missing-blocks-asked-of-one", "asks always the same of those who have a missing block", "fetch asks all signers; PROTOCOLS 20", () => new AsksOne()),
        OfRule("ranges-unproved", "believes any block of a range that it asked for", static (_, _, _) => true),
        OfRule("ranges-by-any-certificate", "believes a block of a range with any genuine certificate beside it", static (_, proof, claims) => proof.Certificate is { } certificate && claims.IsCertificate(certificate)),
        OfRule(
            "ranges-by-any-signer",
            "believes a certificate over a block of a range without counting its signers",
            static (header, proof, claims) => proof.Certificate is { } certificate && certificate.Statement.Subject == header.DigestOn(claims.Chain) && !certificate.Signers.Equals(ReplicaSet.Empty)),
    ];

    private static Mutation OfLoop(string name, string does, string rule, Func<ChangedProtocol> change) => new(name, does)
    {
        Rule = rule,
        By = "C-03",
        Apply = options => options with { WrapLoop = (protocol, _) => change().Around(protocol) },
    };

    private static Mutation OfRule(string name, string does, CommitRule rule) => new(name, does)
    {
        Rule = Proved,
        By = "C-08",
        Apply = options => options with { Protocol = options.Protocol with { CommitRule = rule } },
    };

    private sealed class AsksNobody : ChangedProtocol
    {
        public override void RequestBlock(Digest digest, ReplicaSet holders)
        {
            // It will come by itself, or not.
        }
    }

    private sealed class AsksOnce : ChangedProtocol
    {
        private readonly HashSet<Digest> _asked = [];

        public override void RequestBlock(Digest digest, ReplicaSet holders)
        {
            if (_asked.Add(digest))
            {
                base.RequestBlock(digest, holders);
            }
        }
    }

    private sealed class AsksOne : ChangedProtocol
    {
        public override void RequestBlock(Digest digest, ReplicaSet holders) => base.RequestBlock(digest, holders.Count == 0 ? holders : ReplicaSet.Of(holders.ToArray()[0]));
    }
}
