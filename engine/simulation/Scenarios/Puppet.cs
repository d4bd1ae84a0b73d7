using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Engine.Transport;
using Bft.Simulation.Traitors;

namespace Bft.Simulation.Scenarios;

/// <summary>
/// A traitor that the script speaks for. Its honest part runs, hears and learns, and says nothing; the script says what it likes with its key.
/// </summary>
public sealed class Puppet : Strategy
{
    /// <inheritdoc/>
    public override FaultKind Fault => FaultKind.Lying;

    /// <inheritdoc/>
    public override TimeSpan Interval => TimeSpan.FromDays(1);

    /// <summary>Its hands; there when it has begun.</summary>
    public Traitor Hands { get; private set; } = null!;

    /// <summary>Whether its honest part speaks.</summary>
    public bool Honest { get; set; }

    /// <summary>Told what it hears; the answer says whether its honest part hears it too.</summary>
    public Func<ReplicaId, byte[], bool>? Heard { get; set; }

    /// <summary>What its honest part's messages are made into on their way out; null for what they are, a null answer for nothing.</summary>
    public Func<ReplicaId, TrafficClass, byte[], byte[]?>? Says { get; set; }

    /// <summary>What it tells clients about a key; null for what its honest part says.</summary>
    public Func<(bool Found, byte[] Value, Height Height)?>? Answers { get; set; }

    /// <summary>What it makes of the receipts that it has for clients; null for nothing.</summary>
    public Func<Receipt, Receipt>? Receipts { get; set; }

    /// <inheritdoc/>
    public override void Begin(Traitor self) => Hands = self;

    /// <inheritdoc/>
    public override bool Receive(Traitor self, ReplicaId from, byte[] bytes) => Heard?.Invoke(from, bytes) ?? true;

    /// <inheritdoc/>
    public override void Send(Traitor self, ReplicaId to, TrafficClass traffic, byte[] bytes)
    {
        byte[]? said = !Honest ? null : Says is null ? bytes : Says(to, traffic, bytes);
        if (said is not null)
        {
            self.Pass(to, said);
        }
    }

    /// <inheritdoc/>
    public override Receipt? Reply(Traitor self, Receipt receipt) => Receipts is null ? receipt : Receipts(receipt);

    /// <inheritdoc/>
    public override (bool Found, byte[] Value, Height Height)? Answer(Traitor self, bool found, byte[] value, Height height) =>
        Answers is null ? (found, value, height) : Answers();
}

/// <summary>An instance of a doubled replica: it plays the honest protocol with the shared key; only the network decides whom it meets.</summary>
public sealed class TwinStrategy : Strategy
{
    /// <inheritdoc/>
    public override FaultKind Fault => FaultKind.Equivocation;

    /// <inheritdoc/>
    public override TimeSpan Interval => TimeSpan.FromDays(1);
}
