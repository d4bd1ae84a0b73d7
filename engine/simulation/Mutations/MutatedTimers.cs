using Bft.Engine;

namespace Bft.Simulation.Mutations;

/// <summary>Timers that run on: of the loop, and of the protocol that armed them.</summary>
internal static class MutatedTimers
{
    private const string Rule = "a timer that was disarmed does not fire; DESIGN port rule 3, PROTOCOLS 16.11";

    public static IReadOnlyList<Mutation> All { get; } =
    [
        new Mutation("disarmed-timers-fire", "leaves a timer armed that its protocol disarmed")
        {
            Rule = Rule,
            By = "C-05",
            Apply = options => options with { WrapLoop = (protocol, _) => new NeverDisarmed().Around(protocol) },
        },
        new Mutation("timers-not-disarmed", "gives a view up although nothing waits, because its timer was not disarmed")
        {
            Rule = Rule,
            By = "C-05",
            Apply = options => options with { Create = context => new NeverDisarmed().Around(options.Protocol.Create(context)) },
        },
    ];

    private sealed class NeverDisarmed : ChangedProtocol
    {
        public override void Disarm(TimerId timer)
        {
            // It runs on.
        }
    }
}
