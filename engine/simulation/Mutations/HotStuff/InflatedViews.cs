using Bft.Engine;
using Bft.Engine.HotStuff;

namespace Bft.Simulation.Mutations.HotStuff;

/// <summary>A certificate's view that is not under its signatures and not compared with the certified block's: believed as it is told.</summary>
internal static class InflatedViews
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        new Mutation("certificate-view-unsigned", "believes the view that a certificate claims, whatever view was signed and certified")
        {
            Rule = "the certificate's view is the certified block's and inside the signed bytes; SCENARIOS O-07, relab/hotstuff#291",
            By = "O-07",
            Apply = options => options with
            {
                Create = context => new HotStuffProtocol(context, new AsClaimed()),
                WrapClaims = (claims, _) => new AnyView(claims),
            },
        },
    ];

    private sealed class AsClaimed : HotStuffRules
    {
        private View _claimed;

        public override bool IsWellFormed(Block block)
        {
            _claimed = block.Justify?.View ?? default;
            return base.IsWellFormed(block);
        }

        public override bool Certifies(QuorumCertificate certificate, Block block) =>
            base.Certifies(new QuorumCertificate(certificate.Statement with { View = block.View }, certificate.Signers, certificate.Signature), block);

        public override bool SafeNode(bool extendsLockedBlock, View justifyView, View lockedView) => extendsLockedBlock || _claimed > lockedView;
    }

    // What was signed for some view up to the claimed one.
    private sealed class AnyView(IClaims claims) : IClaims
    {
        private const ulong Tried = 128;

        public Chain Chain => claims.Chain;

        public bool IsVote(in Vote vote) => claims.IsVote(vote);

        public bool IsPayload(Payload payload) => claims.IsPayload(payload);

        public bool IsCertificate(QuorumCertificate certificate)
        {
            ulong claimed = certificate.View.Value;
            for (ulong less = 0; less <= Math.Min(claimed, Tried); less++)
            {
                Statement signed = certificate.Statement with { View = new View(claimed - less) };
                if (claims.IsCertificate(new QuorumCertificate(signed, certificate.Signers, certificate.Signature)))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
