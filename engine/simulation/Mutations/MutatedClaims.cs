using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Simulation.Scenarios.Certificates;

namespace Bft.Simulation.Mutations;

/// <summary>The judge of signatures and certificates, broken once each.</summary>
internal static class MutatedClaims
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        Of("signatures-counted", "counts the signatures of a certificate instead of its signers", "distinct signers by number; PROTOCOLS 16.1, SCENARIOS O-16", "O-16", (claims, scheme) => new CountsSignatures(claims, scheme)),
        Of("signers-not-counted", "believes a certificate of any number of members", "a quorum; PROTOCOLS 0.2", "O-16", (claims, scheme) => new AnyNumber(claims, scheme)),
        Of("signer-modulo-n", "takes the signer's number modulo n", "a signer is a member; SCENARIOS O-17", "O-17", (claims, _) => new ModuloN(claims)),
        Of("strangers-counted", "counts the bits of a certificate's signers, those of no member too", "a signer is a member; SCENARIOS O-17", "O-17", (claims, scheme) => new CountsStrangers(claims, scheme)),
        Of("stale-keys", "believes the keys of the last epoch besides those of this one", "signatures are judged by their own epoch's keys; PROTOCOLS 16.4, SCENARIOS O-17", "O-17", (claims, _) => new StaleKeys(claims)),
        Of("epoch-unsigned", "believes signatures of the last epoch", "the epoch is inside the signed bytes; PROTOCOLS 16.4, SCENARIOS O-19", "O-19", (claims, scheme) => new OtherChain(claims, scheme, EpochBefore)),
        Of("chain-unsigned", "believes signatures of another chain", "the chain's id is inside the signed bytes; PROTOCOLS 16.4, SCENARIOS O-19", "O-19", (claims, scheme) => new OtherChain(claims, scheme, Elsewhere)),
        Of("phase-unsigned", "believes a signature of one phase as one of another", "the phase is inside the signed bytes; PROTOCOLS 16.4, SCENARIOS O-19", "O-19", (claims, _) => new AnyPhase(claims)),
        Of("verified-by-statement", "remembers what it verified by what was signed, and not by the signature", "a cache is keyed by content; PROTOCOLS 16.9", "O-16", (claims, _) => new CachedByStatement(claims)),
        Of("votes-unverified", "believes every vote", "checked before it is kept; DESIGN \"Trust boundary\"", "O-17", (claims, _) => new Credulous(claims, votes: true)),
        Of("certificates-unverified", "believes every certificate", "checked before it is kept; DESIGN \"Trust boundary\"", "O-07", (claims, _) => new Credulous(claims, certificates: true)),
        Of("commands-unverified", "believes every command of every client", "every command was signed by its client; SCENARIOS check 2", "C-01", (claims, _) => new Credulous(claims, payloads: true)),
    ];

    private static Mutation Of(string name, string does, string rule, string? by, Func<IClaims, ICertificateScheme, IClaims> wrap) => new(name, does)
    {
        Rule = rule,
        By = by,
        Apply = options => options with { WrapClaims = wrap },
    };

    private static Chain EpochBefore(Chain chain) =>
        new(chain.Id, chain.Protocol, new Committee(chain.Committee.Size, chain.Committee.Model, new Epoch(chain.Committee.Epoch.Value - 1)), chain.Hash);

    private static Chain Elsewhere(Chain chain) => new(SignerScenarios.AnotherChain, chain.Protocol, chain.Committee, chain.Hash);

    private abstract class ChangedClaims(IClaims claims) : IClaims
    {
        public Chain Chain => claims.Chain;

        protected IClaims Right => claims;

        public virtual bool IsVote(in Vote vote) => claims.IsVote(vote);

        public virtual bool IsCertificate(QuorumCertificate certificate) => claims.IsCertificate(certificate);

        public virtual bool IsPayload(Payload payload) => claims.IsPayload(payload);
    }

    // Every signature in the list must be somebody's of the set, and there must be as many as a quorum has.
    private sealed class CountsSignatures(IClaims claims, ICertificateScheme scheme) : ChangedClaims(claims)
    {
        public override bool IsCertificate(QuorumCertificate certificate)
        {
            if (base.IsCertificate(certificate))
            {
                return true;
            }

            int count = certificate.Signature.Length / scheme.VoteSignatureBytes;
            if (count < Chain.Committee.QuorumSize || certificate.Statement.Epoch != Chain.Committee.Epoch)
            {
                return false;
            }

            for (int i = 0; i < count; i++)
            {
                ReadOnlyMemory<byte> signature = certificate.Signature.Slice(i * scheme.VoteSignatureBytes, scheme.VoteSignatureBytes);
                if (!certificate.Signers.ToArray().Any(signer => Right.IsVote(new Vote(certificate.Statement, new ReplicaId(signer), signature))))
                {
                    return false;
                }
            }

            return true;
        }
    }

    private sealed class AnyNumber(IClaims claims, ICertificateScheme scheme) : ChangedClaims(claims)
    {
        public override bool IsCertificate(QuorumCertificate certificate)
        {
            Span<byte> message = stackalloc byte[Statement.SignedBytes];
            Chain.WriteSigned(certificate.Statement, message);
            return base.IsCertificate(certificate) ||
                (certificate.Signers.Count > 0 && certificate.Signers.Bound <= Chain.Committee.Size && scheme.VerifyCertificate(certificate.Signers.ToArray(), message, certificate.Signature.Span));
        }
    }

    private sealed class ModuloN(IClaims claims) : ChangedClaims(claims)
    {
        public override bool IsVote(in Vote vote) => Right.IsVote(vote with { Signer = new ReplicaId(vote.Signer.Value % Chain.Committee.Size) });
    }

    // The members must have signed; the others make up the number.
    private sealed class CountsStrangers(IClaims claims, ICertificateScheme scheme) : ChangedClaims(claims)
    {
        public override bool IsCertificate(QuorumCertificate certificate)
        {
            if (base.IsCertificate(certificate) || certificate.Signers.Count < Chain.Committee.QuorumSize || certificate.Statement.Epoch != Chain.Committee.Epoch)
            {
                return base.IsCertificate(certificate);
            }

            int[] members = [.. certificate.Signers.ToArray().Where(signer => signer < Chain.Committee.Size)];
            Span<byte> message = stackalloc byte[Statement.SignedBytes];
            Chain.WriteSigned(certificate.Statement, message);
            return members.Length > 0 && scheme.VerifyCertificate(members, message, certificate.Signature.Span);
        }
    }

    private sealed class StaleKeys(IClaims claims) : ChangedClaims(claims)
    {
        public override bool IsVote(in Vote vote)
        {
            if (base.IsVote(vote))
            {
                return true;
            }

            if (!Chain.Committee.Contains(vote.Signer))
            {
                return false;
            }

            using ISigner old = SignerScenarios.KeyOfLastEpoch(vote.Signer.Value);
            var message = new byte[Statement.SignedBytes];
            Chain.WriteSigned(vote.Statement, message);
            return old.Scheme.Verify(old.PublicKey.Span, message, vote.Signature.Span);
        }
    }

    private sealed class OtherChain(IClaims claims, ICertificateScheme scheme, Func<Chain, Chain> other) : ChangedClaims(claims)
    {
        private readonly Claims _other = new(other(claims.Chain), scheme, new VerifiedCache(64));

        public override bool IsCertificate(QuorumCertificate certificate) => base.IsCertificate(certificate) ||
            _other.IsCertificate(new QuorumCertificate(certificate.Statement with { Epoch = _other.Chain.Committee.Epoch }, certificate.Signers, certificate.Signature));
    }

    private sealed class AnyPhase(IClaims claims) : ChangedClaims(claims)
    {
        private static readonly StatementKind[] Kinds = Enum.GetValues<StatementKind>();

        public override bool IsVote(in Vote vote)
        {
            foreach (StatementKind kind in Kinds)
            {
                if (Right.IsVote(vote with { Statement = vote.Statement with { Kind = kind } }))
                {
                    return true;
                }
            }

            return false;
        }

        public override bool IsCertificate(QuorumCertificate certificate) => certificate.View.Value == 0 ? base.IsCertificate(certificate) : Kinds.Any(kind =>
            Right.IsCertificate(new QuorumCertificate(certificate.Statement with { Kind = kind }, certificate.Signers, certificate.Signature)));
    }

    private sealed class CachedByStatement(IClaims claims) : ChangedClaims(claims)
    {
        private readonly HashSet<(Statement Statement, ReplicaSet Signers)> _certificates = [];
        private readonly HashSet<(Statement Statement, ReplicaId Signer)> _votes = [];

        public override bool IsVote(in Vote vote) =>
            _votes.Contains((vote.Statement, vote.Signer)) || (base.IsVote(vote) && _votes.Add((vote.Statement, vote.Signer)));

        public override bool IsCertificate(QuorumCertificate certificate) =>
            _certificates.Contains((certificate.Statement, certificate.Signers)) || (base.IsCertificate(certificate) && _certificates.Add((certificate.Statement, certificate.Signers)));
    }

    private sealed class Credulous(IClaims claims, bool votes = false, bool certificates = false, bool payloads = false) : ChangedClaims(claims)
    {
        public override bool IsVote(in Vote vote) => votes || base.IsVote(vote);

        public override bool IsCertificate(QuorumCertificate certificate) => certificates || base.IsCertificate(certificate);

        public override bool IsPayload(Payload payload) => payloads || base.IsPayload(payload);
    }
}
