using Bft.Engine;
using Bft.Engine.HotStuff;

namespace Bft.Simulation.Mutations.HotStuff;

/// <summary>The safety rules of HotStuff, each broken once.</summary>
internal static class BrokenRules
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        Of("commit-by-parent-links", "commits the first of any three certified blocks in a row", "b ← b′ ← b″ commit when their views are consecutive; PROTOCOLS 3d, relab/hotstuff#249", "O-03", () => new ByParentLinks()),
        Of("commit-first-link-only", "does not compare the last two views of a three-chain", "all three views are consecutive; PROTOCOLS 3c", "O-03", () => new FirstLinkOnly()),
        Of("commit-last-link-only", "does not compare the first two views of a three-chain", "all three views are consecutive; PROTOCOLS 3c", "O-03", () => new LastLinkOnly()),
    ];

    /// <summary>A mutation of the rules of HotStuff.</summary>
    public static Mutation Of(string name, string does, string rule, string? by, Func<HotStuffRules> rules) => OfParts(name, does, rule, by, () => new HotStuffParts { Rules = rules() });

    /// <summary>A mutation of some part of HotStuff.</summary>
    public static Mutation OfParts(string name, string does, string rule, string? by, Func<HotStuffParts> parts) => new(name, does)
    {
        Rule = rule,
        By = by,
        Apply = options => options with { Create = context => new HotStuffProtocol(context, parts()) },
    };

    private sealed class ByParentLinks : HotStuffRules
    {
        public override bool Commits(View b, View b1, View b2) => true;
    }

    private sealed class FirstLinkOnly : HotStuffRules
    {
        public override bool Commits(View b, View b1, View b2) => b1 == b.Next();
    }

    private sealed class LastLinkOnly : HotStuffRules
    {
        public override bool Commits(View b, View b1, View b2) => b2 == b1.Next();
    }
}
