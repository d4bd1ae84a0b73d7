using System.Collections.Immutable;
using Bft.Crypto;

namespace Bft.Engine;

public sealed partial class Replica
{
    private readonly Dictionary<ReadId, Action<Height?>> _reads = [];
    private readonly List<(Height AtLeast, Action<Height?> Answer)> _readsWaiting = [];
    private ulong _lastRead;

    private sealed class StepEffects(Replica replica) : IEffects
    {
        private EffectBuffer Buffer => replica._effects;

        public TimeSpan Now => replica._now;

        public StatePoint? PointAt(Height height) => replica._past.PointAt(height);

        public BlockHeader? HeaderAt(Height height) => replica._past.HeaderAt(height);

        public void Store(Block block)
        {
            Buffer.Durable.Add(block);
            replica._past.Stored(block);
            replica._ports.Pool.Included(block);
        }

        public void Persist(SafetyRecord record)
        {
            Demand(record.Content.Length <= SafetyRecord.MaxContentBytes, "a safety record is at most 1 MiB");
            Buffer.Durable.Add(record);
        }

        public void Discard(byte kind, ulong throughSlot) => Buffer.Durable.Add(new EffectBuffer.Discarded(kind, throughSlot));

        public void Send(ReplicaId to, ProtocolMessage message) => Buffer.Sends.Add((to, message));

        public void Broadcast(ProtocolMessage message) => Buffer.Sends.Add((null, message));

        public void Hasten(ReplicaId to, ProtocolMessage message)
        {
            Demand(to != replica._ports.Self, "nothing is hastened to oneself: one's own acknowledgement counts only after the flush");
            Buffer.Hastened.Add((to, message));
        }

        public void Arm(TimerId timer, TimeSpan after) => replica._timers.Arm(timer, replica._now + after);

        public void Disarm(TimerId timer) => replica._timers.Disarm(timer);

        public void RequestPayload(PayloadRequest request) => replica._internal.Enqueue(
            new Input.PayloadReady(request, replica._ports.Pool.Take(request), replica._ports.Clock.UnixMilliseconds));

        public void RequestBlock(Digest digest, ReplicaSet holders)
        {
            if (replica._past.Find(digest) is { } here)
            {
                replica._internal.Enqueue(new Input.Fetched(here));
                return;
            }

            Buffer.BlockRequests.Add((digest, holders));
        }

        public void CatchUp(Height atLeast, ReplicaSet holders) => Buffer.CatchUps.Add((atLeast, holders));

        public void Combine(Statement statement, ImmutableArray<Vote> votes) => replica.Combine(statement, votes);

        public void Commit(Block block, CommitProof proof)
        {
            Demand(block.Height == replica._committed.Next(), $"height {replica._committed.Next()} is the next to commit, not {block.Height}");
            replica.Admit(new CommittedBlock(block, proof));
        }

        public void Enter(View view, ReplicaId? leader) => replica._ports.Observer.Entered(view, leader);

        public void ReadReady(ReadId read, Height atLeast)
        {
            if (replica._reads.Remove(read, out Action<Height?>? answer))
            {
                if (atLeast <= replica._executedHeight)
                {
                    answer(atLeast);
                }
                else
                {
                    replica._readsWaiting.Add((atLeast, answer));
                }
            }
        }

        public void ReadRefused(ReadId read, ReadRefusal reason)
        {
            if (replica._reads.Remove(read, out Action<Height?>? answer))
            {
                answer(null);
            }
        }

        public void Accuse(Evidence evidence) => replica.Accuse(evidence);

        // What only a bug of a protocol can cause stops the replica before it lies, also in Release.
        private static void Demand(bool holds, string rule)
        {
            if (!holds)
            {
                throw new InvalidOperationException($"The protocol broke its promise to the loop: {rule}.");
            }
        }
    }

    private void Admit(CommittedBlock block)
    {
        _committed = block.Block.Height;
        _committedAt = _now;
        _past.Add(block.Block.Header);
        _effects.Commits.Add(block);

        // At once: the next proposal of this very turn no longer counts the block among its uncommitted ancestors, and would take its transactions again.
        _ports.Pool.Committed(block.Block);
        CheckOwnResult(block.Block.Header.Executed);
        TryResumeVoting(block);
    }
}
