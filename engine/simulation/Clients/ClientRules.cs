using Bft.Engine;

namespace Bft.Simulation.Clients;

/// <summary>When a client believes what replicas tell it, by who told the same. Virtual, so that a credulous client can take its place.</summary>
public class ClientRules
{
    /// <summary>The rules as they should be.</summary>
    public static ClientRules Sound { get; } = new();

    /// <summary>Equal receipts of a set with an honest member are the result: it executed what a quorum ordered.</summary>
    public virtual bool BelievesReceipts(Committee committee, ReplicaSet equal) => committee.HasHonest(equal);

    /// <summary>
    /// Equal answers to a read that nobody ordered need a quorum: of f+1 the honest one may be behind and the traitors may repeat its old value, so that a
    /// write that was answered before is not seen.
    /// </summary>
    public virtual bool BelievesUnordered(Committee committee, ReplicaSet equal) => committee.IsQuorum(equal);

    /// <summary>Behind a barrier of known height equal answers from states at least as high need an honest one only.</summary>
    public virtual bool BelievesOrdered(Committee committee, ReplicaSet equal) => committee.HasHonest(equal);
}
