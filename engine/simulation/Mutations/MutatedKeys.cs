using Bft.Crypto.Bls12381;
using Bft.Crypto.Certificates;

namespace Bft.Simulation.Mutations;

/// <summary>The judge of a committee's keys, broken once each.</summary>
internal static class MutatedKeys
{
    private const string Rule = "every key with a proof of possession, under a domain tag of its own; PROTOCOLS 16.2, SCENARIOS O-18";

    public static IReadOnlyList<Mutation> All { get; } =
    [
        Of("possession-unproved", "takes a key that is a point, whatever proof comes with it", static (_, _) => null),
        Of("possession-signed-like-votes", "takes a signature over the key's own bytes for a proof, as votes are signed", TakesVotes),
    ];

    private static Mutation Of(string name, string does, Func<CommitteeKeys, KeyRefusal, KeyRefusal?> judge) => new(name, does)
    {
        Rule = Rule,
        By = "O-18",
        Apply = options =>
        {
            KeyJudge right = options.JudgeKeys;
            return options with { JudgeKeys = (scheme, keys) => right(scheme, keys) is { } refusal ? judge(keys, refusal) : null };
        },
    };

    private static KeyRefusal? TakesVotes(CommitteeKeys keys, KeyRefusal refusal)
    {
        BlsScheme<G2Point, G1Point> bls = BlsSchemes.MinimalSignatures;
        int refused = refusal.Replica ?? 0;
        return bls.ReadKey(keys.PublicKeys[refused].Span, out G2Point key) == BlsRefusal.None &&
            bls.ReadSignature(keys.Possessions[refused].Span, out G1Point signature) == BlsRefusal.None &&
            bls.Verify(key, keys.PublicKeys[refused].Span, signature) == BlsRefusal.None
            ? null
            : refusal;
    }
}
