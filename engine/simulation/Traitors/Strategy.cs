using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Engine.Transport;
using Bft.Simulation.Nodes;

namespace Bft.Simulation.Traitors;

/// <summary>
/// How a replica that is not honest behaves. It runs the production replica, so it knows all that an honest one knows, and bends what goes in and out: the
/// protocol it drives (<see cref="Wrap"/>), the bytes it sends and takes, what it tells clients, and whatever it does unasked (<see cref="Tick"/>).
/// What is not overridden is honest. It holds its own key and no other.
/// </summary>
public abstract class Strategy
{
    /// <summary>The kind of fault its deeds count as.</summary>
    public abstract FaultKind Fault { get; }

    /// <summary>How often <see cref="Tick"/> is called.</summary>
    public virtual TimeSpan Interval => TimeSpan.FromMilliseconds(20);

    /// <summary>Puts something around the honest protocol: other inputs, other effects.</summary>
    public virtual IProtocol Wrap(IProtocol honest, ProtocolContext context) => honest;

    /// <summary>Its honest part sends bytes; passing them on is its choice.</summary>
    public virtual void Send(Traitor self, ReplicaId to, TrafficClass traffic, byte[] bytes) => self.Pass(to, bytes);

    /// <summary>Bytes of another come; false to close its ears to them.</summary>
    public virtual bool Receive(Traitor self, ReplicaId from, byte[] bytes) => true;

    /// <summary>It tells a client a receipt.</summary>
    public virtual Receipt? Reply(Traitor self, Receipt receipt) => receipt;

    /// <summary>It answers a client's read.</summary>
    public virtual (bool Found, byte[] Value, Height Height)? Answer(Traitor self, bool found, byte[] value, Height height) => (found, value, height);

    /// <summary>Called once, when the traitor first starts.</summary>
    public virtual void Begin(Traitor self)
    {
    }

    /// <summary>Called from time to time.</summary>
    public virtual void Tick(Traitor self)
    {
    }
}

/// <summary>A traitor's own hands: what a strategy may do.</summary>
/// <param name="world">The world.</param>
/// <param name="instance">Its instance.</param>
/// <param name="random">Its own randomness.</param>
public sealed class Traitor(SimulatedWorld world, SimulatedReplica instance, Randomness random)
{
    /// <summary>The world it lives in; strategies look at honest replicas only through what reaches them.</summary>
    public SimulatedWorld World => world;

    /// <summary>Its replica.</summary>
    public SimulatedReplica Instance => instance;

    /// <summary>Which replica it is.</summary>
    public ReplicaId Id => instance.Id;

    /// <summary>Its randomness.</summary>
    public Randomness Random => random;

    /// <summary>Those that act together with it, itself included.</summary>
    public ReplicaSet Conspiracy => world.Traitors;

    /// <summary>Whether a replica is one of them.</summary>
    public bool IsAccomplice(ReplicaId id) => world.Traitors.Contains(id);

    /// <summary>Sends bytes as itself.</summary>
    public void Pass(ReplicaId to, byte[] bytes) => world.Carry(instance, to, bytes, instance.Departure);

    /// <summary>Sends bytes later.</summary>
    public void PassLater(ReplicaId to, byte[] bytes, TimeSpan delay)
    {
        Count();
        world.Carry(instance, to, bytes, instance.Departure + delay);
    }

    /// <summary>Signs whatever it likes, with its own key and without any record.</summary>
    public Vote Sign(Statement statement)
    {
        Span<byte> message = stackalloc byte[Statement.SignedBytes];
        world.Chain.WriteSigned(statement, message);
        var signature = new byte[world.Keys.Scheme.VoteSignatureBytes];
        world.Keys.SignerOf(Id.Value).Sign(message, signature);
        return new Vote(statement, Id, signature);
    }

    /// <summary>Sends a message it made up.</summary>
    public void Send(ReplicaId to, ProtocolMessage message)
    {
        Count();
        Pass(to, WireMessage.Encode(message));
    }

    /// <summary>Another replica, drawn.</summary>
    public ReplicaId Someone()
    {
        int other = random.Below(world.Chain.Committee.Size - 1);
        return new ReplicaId(other < Id.Value ? other : other + 1);
    }

    /// <summary>It did something that is not honest.</summary>
    public void Count() => world.Inject(instance.Strategy!.Fault, instance.Index);
}
