using Bft.Engine;
using Bft.Engine.Mempool;
using Bft.Engine.Transport;
using Bft.Network.Peers;

namespace Bft.Network.Gossip;

public sealed partial class TransactionGossip
{
    private readonly Origin[] _origins;
    private readonly GossipQueue _waiting;
    private readonly Lock _working = new();
    private readonly SharedVerification? _shared;
    private readonly ITimer _attestationTimer;
    private int _workers;

    /// <summary>
    /// Takes a gossip message of a peer: cheap checks here, the rest on a worker (<see cref="GossipOptions.Workers"/>). Never throws on
    /// anything a peer can send.
    /// </summary>
    /// <param name="sender">The peer on the wire; not necessarily the origin.</param>
    /// <param name="message">The whole message with its class byte. Copied when it is a small part of a larger array.</param>
    public void OnMessage(ReplicaId sender, ReadOnlyMemory<byte> message)
    {
        if (_chain.Committee.Contains(sender) && GossipAttestation.IsOne(message.Span))
        {
            OnAttestation(sender, message.Span);
            return;
        }

        if (!_chain.Committee.Contains(sender) ||
            !GossipBatch.TryOpen(_chain, _identity.Signer.Scheme.SignatureBytes, message, out GossipBatch batch))
        {
            Malformed(sender);
            return;
        }

        if (batch.Origin == _identity.Self)
        {
            _metrics.Count(GossipEvent.Duplicate);
            return;
        }

        if (IsKnown(batch))
        {
            return;
        }

        batch = batch.Detached();
        if (_options.Workers == 0)
        {
            Verify(sender, batch);
            return;
        }

        if (!_waiting.TryAdd(sender, batch))
        {
            _metrics.Count(GossipEvent.Crowded);
            if (Permits(sender, GossipEvent.Crowded))
            {
                GossipLog.Crowded(_logger, sender);
            }

            return;
        }

        lock (_working)
        {
            if (_workers < _options.Workers)
            {
                _workers++;
                ThreadPool.UnsafeQueueUserWorkItem(static gossip => gossip.Work(), this, preferLocal: false);
            }
        }
    }

    private void Work()
    {
        while (true)
        {
            ReplicaId sender;
            GossipBatch batch;
            lock (_working)
            {
                // Under the lock, so that a batch added after this look finds the worker gone and starts another.
                if (!_waiting.TryTake(out sender, out batch))
                {
                    _workers--;
                    return;
                }
            }

            Verify(sender, batch);
        }
    }

    private void Verify(ReplicaId sender, in GossipBatch batch)
    {
        try
        {
            if (Accept(sender, batch))
            {
                Take(sender, batch);
            }
        }
        catch (Exception exception)
        {
            // Signature checks and pool are ours and do not throw on hostile content; if one does, it costs this batch only.
            if (_throttle.Permits(sender.Value, -1))
            {
                GossipLog.Failed(_logger, exception, sender);
            }
        }
    }

    // Whether a batch is new and signed by its origin; counted when not.
    private bool Accept(ReplicaId sender, in GossipBatch batch)
    {
        Origin origin = _origins[batch.Origin.Value];
        if (IsKnown(batch))
        {
            return false;
        }

        if (!IsFromOrigin(sender, batch) && !IsSigned(batch))
        {
            _metrics.Count(GossipEvent.Forged);
            if (Permits(sender, GossipEvent.Forged))
            {
                GossipLog.Forged(_logger, sender, batch.Origin);
            }

            return false;
        }

        GossipVerdict verdict;
        lock (origin)
        {
            verdict = origin.Memory.Judge(batch.Sequence, batch.Digest);
            if (verdict == GossipVerdict.New)
            {
                if (!origin.Rate.TryTake(batch.Message.Length))
                {
                    // Not remembered: it may come again by a relay when there is room.
                    _metrics.Count(GossipEvent.OverRate);
                    if (Permits(batch.Origin, GossipEvent.OverRate))
                    {
                        GossipLog.OverRate(_logger, batch.Origin);
                    }

                    return false;
                }

                origin.Memory.Add(batch.Sequence, batch.Digest);
            }
        }

        switch (verdict)
        {
            case GossipVerdict.New:
                return true;
            case GossipVerdict.Conflict:
                _metrics.Count(GossipEvent.Conflicting);
                if (Permits(batch.Origin, GossipEvent.Conflicting))
                {
                    GossipLog.Conflicting(_logger, batch.Origin, batch.Sequence);
                }

                return false;
            default:
                _metrics.Count(verdict == GossipVerdict.Duplicate ? GossipEvent.Duplicate : GossipEvent.Stale);
                return false;
        }
    }

    // The link itself proves who speaks (pinned mutual TLS). The signature is for those who get a batch by a relay, and a relay checks it
    // before it hands the batch on: else it would answer for a forgery of the origin.
    private bool IsFromOrigin(ReplicaId sender, in GossipBatch batch) => _overlay.ReachesAll && sender == batch.Origin;

    private bool IsSigned(in GossipBatch batch)
    {
        _meter?.Verified(1);
        return batch.IsSigned(_chain, _identity.Signer.Scheme, _identity.Keys[batch.Origin.Value].Span);
    }

    // All runs or none: an honest origin checks them before it signs. What is handed on is proved.
    private void Take(ReplicaId sender, in GossipBatch batch)
    {
        if (batch.Runs(_chain) is not { } runs)
        {
            Unsound(batch);
            return;
        }

        bool ours = _shared is null || _shared.IsOurs(batch.Origin);
        switch (ours ? VerificationStep.Check : Wait(batch, runs))
        {
            case VerificationStep.Trust:
                Trust(batch, runs);
                break;
            case VerificationStep.Check:
                if (!AreSigned(batch, runs))
                {
                    break;
                }

                // First: whoever gets it in a proposal of ours before it has our word checks it as well.
                if (ours && _shared is not null)
                {
                    Attest(batch);
                }

                Keep(sender, batch, runs);
                break;
        }
    }

    private VerificationStep Wait(in GossipBatch batch, Run[] runs)
    {
        VerificationStep step = _shared!.Add(batch, runs, out bool first);
        if (first)
        {
            _attestationTimer.Change(_options.AttestationDeadline, Timeout.InfiniteTimeSpan);
        }

        return step;
    }

    private bool AreSigned(in GossipBatch batch, Run[] runs)
    {
        if (!Array.TrueForAll(runs, run => _isSigned(run)))
        {
            Unsound(batch);
            return false;
        }

        return true;
    }

    private void Trust(in GossipBatch batch, Run[] runs)
    {
        _metrics.Count(GossipEvent.Trusted);
        Array.ForEach(runs, _trust);
        Keep(_identity.Self, batch, runs);
    }

    private void Keep(ReplicaId sender, in GossipBatch batch, Run[] runs)
    {
        _metrics.Count(GossipEvent.Accepted);
        if (!_overlay.ReachesAll)
        {
            _metrics.Count(GossipEvent.Relayed);
            Send(batch, sender, batch.Origin);
        }

        foreach (Run run in runs)
        {
            Pool(run);
        }
    }

    // The origin is told as well: it proposes what is vouched for.
    private void Attest(in GossipBatch batch)
    {
        byte[] message = new GossipAttestation(batch.Origin, batch.Sequence, batch.Digest).Encode();
        _metrics.Count(GossipEvent.Attested);
        foreach (int other in _chain.Committee.Everyone.Without(_identity.Self).ToArray())
        {
            _meter?.Sent(TrafficClass.Gossip, GossipAttestation.Kind, Phase.Steady, message.Length, 0);
            _transport.Send(new ReplicaId(other), TrafficClass.Gossip, message);
        }
    }

    private void OnAttestation(ReplicaId sender, ReadOnlySpan<byte> message)
    {
        if (!GossipAttestation.TryDecode(_chain, message, out GossipAttestation attestation))
        {
            Malformed(sender);
            return;
        }

        if (_shared?.Attest(sender, attestation) is not { } vouched)
        {
            return;
        }

        if (attestation.Origin == _identity.Self)
        {
            _pool.Attested(vouched.Runs);
        }
        else
        {
            Trust(vouched.Batch, vouched.Runs);
        }
    }

    private void CheckOverdue()
    {
        TimeSpan? next;
        while (_shared!.TakeOverdue(out next) is { } waiting)
        {
            _metrics.Count(GossipEvent.Unattested);
            if (waiting.Batch.Origin == _identity.Self)
            {
                _pool.Attested(waiting.Runs);
            }
            else if (AreSigned(waiting.Batch, waiting.Runs))
            {
                Keep(waiting.Batch.Origin, waiting.Batch, waiting.Runs);
            }
        }

        lock (_lock)
        {
            if (!_disposed && next is { } later)
            {
                _attestationTimer.Change(later, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void Malformed(ReplicaId sender)
    {
        _metrics.Count(GossipEvent.Malformed);
        if (Permits(sender, GossipEvent.Malformed))
        {
            GossipLog.Malformed(_logger, sender);
        }
    }

    private void Unsound(in GossipBatch batch)
    {
        _metrics.Count(GossipEvent.Unsound);
        if (Permits(batch.Origin, GossipEvent.Unsound))
        {
            GossipLog.Unsound(_logger, batch.Origin);
        }
    }

    private void Pool(Run run)
    {
        switch (_pool.Add(run))
        {
            case PoolAnswer.Added:
                _metrics.Count(GossipEvent.RunAdded);
                break;
            case PoolAnswer.Full:
                _metrics.Count(GossipEvent.RunRefused);
                break;
            default:
                _metrics.Count(GossipEvent.RunKnown);
                break;
        }
    }

    // Another content under a known sequence is not known: whether the origin or a forger made it, only its signature tells.
    private bool IsKnown(in GossipBatch batch)
    {
        GossipVerdict verdict;
        Origin origin = _origins[batch.Origin.Value];
        lock (origin)
        {
            verdict = origin.Memory.Judge(batch.Sequence, batch.Digest);
        }

        switch (verdict)
        {
            case GossipVerdict.Duplicate:
                _metrics.Count(GossipEvent.Duplicate);
                return true;
            case GossipVerdict.Stale:
                _metrics.Count(GossipEvent.Stale);
                return true;
            default:
                return false;
        }
    }

    private bool Permits(ReplicaId whose, GossipEvent what) => _throttle.Permits(whose.Value, (int)what);

    /// <summary>What is kept of one origin; locked while used.</summary>
    private sealed class Origin(GossipOptions options, TimeProvider time)
    {
        public GossipMemory Memory { get; } = new(options.RememberedBatches);

        public TokenBucket Rate { get; } = new(options.MaxOriginBytesPerSecond, options.MaxOriginBurstBytes, time);
    }
}
