using Bft.Applications.KeyValue;
using Bft.Engine;
using Bft.Simulation.Scenarios.HotStuff;

namespace Bft.Simulation.Scenarios.Clients;

/// <summary>Commands that no client gave, and commands that are ordered again.</summary>
internal static class CommandScenarios
{
    public static Scenario C01 { get; } = new("C-01", "A command that no client signed")
    {
        Source = "SCENARIOS check 2; DESIGN rule 4",
        Shows = "a leader's block with a made-up command gets no vote, also when all else about it is right",
        Acts =
        [
            HotStuffStage.Act("fast keys", new Setting { Traitors = "D", Leaders = "ADB" }, MadeUp),
            HotStuffStage.Act("real keys", new Setting { Traitors = "D", Leaders = "ADB", RealSignatures = true }, MadeUp),
        ],
    };

    public static Scenario C02 { get; } = new("C-02", "A command that is ordered again")
    {
        Source = "SCENARIOS check 2; DESIGN \"Exactly-once sessions\"",
        Shows = "a leader orders a command again that was executed long ago: the block is good, and the command is not executed twice",
        Acts = [HotStuffStage.Act("replayed by a leader", new Setting { Traitors = "D", Leaders = "AAAAAAADB" }, Replayed)],
    };

    private static void MadeUp(HotStuffStage s)
    {
        s.Client.Put("x");
        s.Leader(1, s.A).Proposes("X");
        s.UntilCertifiable("X");
        var name = new byte[32];
        name[0] = 1;
        byte[][] commands = [KeyValueCommand.Put("x"u8, "nobody's"u8)];
        using Crypto.Signatures.ISigner stranger = Nodes.SimulatedKeys.RealKey(99, "stranger"u8, 0);
        Run signed = Run.Sign(s.Chain, stranger, 9, [.. commands]);
        Run forged = s.Setting.RealSignatures ? WithoutItsSignature(s, signed) : Run.WithoutSignature(s.Chain, name, 9, [.. commands]);
        s.Leader(2, s.D).Propose("W", on: "X", runs: [forged]).ToAll();
        s.Wait(20);
        s.Expect("nobody votes for it", s.Honest.All(actor => !s.Voted(actor, "W")));
    }

    private static Run WithoutItsSignature(HotStuffStage s, Run signed)
    {
        byte[] encoded = signed.Encoded.ToArray();
        encoded[^1] ^= 1;
        return Run.TryDecode(s.Chain, encoded, out Run? forged) ? forged! : throw new InvalidOperationException("A run with another signature is still a run.");
    }

    // D collects the votes of view 7 and orders the command of view 1 again.
    private static void Replayed(HotStuffStage s)
    {
        s.Client.Put("x");
        Block first = s.Leader(1, s.A).Proposes("X");
        s.Until("the command is executed", () => !s.Client.Waiting);
        s.Client.Put("y");
        s.Leader(7, s.A).Proposes("Z");
        s.UntilCertifiable("Z");
        s.Leader(8, s.D).Propose("W", on: "Z", runs: first.Payload.Runs).ToAll();
        s.UntilVoted("W", s.A, s.B, s.C);
        s.RunFaultFree(16);
        s.Expect("the block is committed", s.Honest.All(actor => actor.HasCommitted(s["W"])));
    }
}
