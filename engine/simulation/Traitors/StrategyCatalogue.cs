using Bft.Engine;

namespace Bft.Simulation.Traitors;

/// <summary>A strategy by its name.</summary>
/// <param name="Name">The name in plans and on the command line.</param>
/// <param name="Fault">What it counts as.</param>
/// <param name="Faces">How many instances one traitor has.</param>
/// <param name="Create">Makes the strategies of one traitor, one a face, sharing what conspirators share.</param>
public sealed record NamedStrategy(string Name, FaultKind Fault, int Faces, Func<TwoFacedStrategy.Faces, Randomness, Strategy[]> Create);

/// <summary>The known strategies: one line each. Those for every protocol come first; a protocol's own lies are found by its name.</summary>
public static class StrategyCatalogue
{
    private static readonly NamedStrategy[] General =
    [
        new("silent", FaultKind.Silence, 1, (_, random) => [new SilentStrategy(TimeSpan.FromMilliseconds(random.Below(600)))]),
        new("two-faced", FaultKind.Equivocation, 2, (faces, _) => [new TwoFacedStrategy(faces, 0), new TwoFacedStrategy(faces, 1)]),
        new("withholding", FaultKind.Withholding, 1, (_, _) => [new WithholdingStrategy()]),
        new("selective-delay", FaultKind.SelectiveDelay, 1, (_, _) => [new SelectiveDelayStrategy()]),
        new("selective-send", FaultKind.SelectiveSend, 1, (_, _) => [new SelectiveSendStrategy()]),
        new("flooding", FaultKind.Flooding, 1, (_, _) => [new FloodingStrategy()]),
        new("replay", FaultKind.Replay, 1, (_, _) => [new ReplayStrategy()]),
        new("garbling", FaultKind.Garbling, 1, (_, _) => [new GarblingStrategy()]),
        new("lying-head", FaultKind.Lying, 1, (_, _) => [new LyingHeadStrategy()]),
        new("false-reply", FaultKind.FalseReply, 1, (_, _) => [new FalseReplyStrategy()]),
        new("amnesia", FaultKind.Amnesia, 1, (_, _) => [new AmnesiaStrategy()]),
    ];

    private static readonly Dictionary<string, NamedStrategy[]> OfProtocol = new(StringComparer.Ordinal)
    {
        ["hotstuff"] = [new("hotstuff-lies", FaultKind.Lying, 1, (_, _) => [new HotStuff.HotStuffLies()])],
    };

    /// <summary>The strategies that can be played against a protocol; none against one that bears crashes only.</summary>
    public static IReadOnlyList<NamedStrategy> For(ProtocolDescriptor protocol) =>
        protocol.Model != FaultModel.Byzantine ? [] : [.. General, .. OfProtocol.GetValueOrDefault(protocol.Name, [])];

    /// <summary>The strategy of that name; null for an unknown one.</summary>
    public static NamedStrategy? Find(ProtocolDescriptor protocol, string name) => For(protocol).FirstOrDefault(strategy => strategy.Name == name);
}
