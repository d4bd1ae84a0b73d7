using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine;

namespace Bft.Simulation.Nodes;

/// <summary>Passes every effect on to the loop; what stands between a protocol and its loop overrides what it changes.</summary>
public abstract class PassedEffects : IEffects
{
    private IEffects _inner = null!;

    /// <inheritdoc/>
    public TimeSpan Now => _inner.Now;

    /// <summary>Passes on to these effects from now on.</summary>
    public IEffects Over(IEffects effects)
    {
        _inner = effects;
        return this;
    }

    /// <inheritdoc/>
    public StatePoint? PointAt(Height height) => _inner.PointAt(height);

    /// <inheritdoc/>
    public BlockHeader? HeaderAt(Height height) => _inner.HeaderAt(height);

    /// <inheritdoc/>
    public virtual void Store(Block block) => _inner.Store(block);

    /// <inheritdoc/>
    public virtual void Persist(SafetyRecord record) => _inner.Persist(record);

    /// <inheritdoc/>
    public virtual void Discard(byte kind, ulong throughSlot) => _inner.Discard(kind, throughSlot);

    /// <inheritdoc/>
    public virtual void Send(ReplicaId to, ProtocolMessage message) => _inner.Send(to, message);

    /// <inheritdoc/>
    public virtual void Broadcast(ProtocolMessage message) => _inner.Broadcast(message);

    /// <inheritdoc/>
    public virtual void Hasten(ReplicaId to, ProtocolMessage message) => _inner.Hasten(to, message);

    /// <inheritdoc/>
    public virtual void Arm(TimerId timer, TimeSpan after) => _inner.Arm(timer, after);

    /// <inheritdoc/>
    public virtual void Disarm(TimerId timer) => _inner.Disarm(timer);

    /// <inheritdoc/>
    public virtual void RequestPayload(PayloadRequest request) => _inner.RequestPayload(request);

    /// <inheritdoc/>
    public virtual void RequestBlock(Digest digest, ReplicaSet holders) => _inner.RequestBlock(digest, holders);

    /// <inheritdoc/>
    public virtual void CatchUp(Height atLeast, ReplicaSet holders) => _inner.CatchUp(atLeast, holders);

    /// <inheritdoc/>
    public virtual void Combine(Statement statement, ImmutableArray<Vote> votes) => _inner.Combine(statement, votes);

    /// <inheritdoc/>
    public virtual void Commit(Block block, CommitProof proof) => _inner.Commit(block, proof);

    /// <inheritdoc/>
    public virtual void Enter(View view, ReplicaId? leader) => _inner.Enter(view, leader);

    /// <inheritdoc/>
    public virtual void ReadReady(ReadId read, Height atLeast) => _inner.ReadReady(read, atLeast);

    /// <inheritdoc/>
    public virtual void ReadRefused(ReadId read, ReadRefusal reason) => _inner.ReadRefused(read, reason);

    /// <inheritdoc/>
    public virtual void Accuse(Evidence evidence) => _inner.Accuse(evidence);
}
