using Bft.Engine.Encoding;

namespace Bft.Engine;

/// <summary>Which part of a protocol's life a message belongs to: the label its cost is booked under.</summary>
public enum Phase : byte
{
    /// <summary>The failure-free path.</summary>
    Steady,

    /// <summary>Changing the view.</summary>
    ViewChange,

    /// <summary>Helping someone who is behind.</summary>
    CatchUp,
}

/// <summary>A message between replicas of one protocol. Immutable.</summary>
public abstract class ProtocolMessage
{
    /// <summary>The message's kind on the wire, unique within its protocol.</summary>
    public abstract byte Kind { get; }

    /// <summary>What its cost is booked under.</summary>
    public abstract Phase Phase { get; }

    /// <summary>Signature units it carries (a list certificate of q signatures counts q).</summary>
    public abstract int Authenticators { get; }

    /// <summary>A block that travels inside, or null. The loop sees to what DESIGN asks of blocks before handing the message in.</summary>
    public virtual Block? CarriedBlock => null;

    /// <summary>The vote that the message is about: counted, once a signer and view, and evidence when it contradicts another of its signer. Null for a message that is no vote.</summary>
    public virtual Vote? CarriedVote => null;

    /// <summary>Writes the content, without the kind.</summary>
    public abstract void Encode(CanonicalWriter writer);

    /// <summary>
    /// Whether every claim inside is true. Pure, runs on workers. <paramref name="sender"/> is the wire peer, the author is inside
    /// the signatures; each message decides which one it demands.
    /// </summary>
    public abstract bool Verify(ReplicaId sender, IClaims claims);
}

/// <summary>Decodes the content of a message of that kind; null for an unknown kind. Malformed content fails the reader.</summary>
public delegate ProtocolMessage? MessageDecoder(Chain chain, byte kind, ref CanonicalReader reader);
