using Bft.Engine;
using Bft.Engine.Storage;
using Bft.Ledger;
using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Node;

/// <summary>Passes on what the loop tells: proofs to the readers, evidence to where it is kept, and what people should know to the event stream.</summary>
internal sealed class ReplicaEvents(IEventSink events, CertifiedHeaders certified, QueryIndex index, EvidenceFile kept, IClock clock, Action<Exception> failed) : IReplicaObserver
{
    private static readonly TimeSpan AlarmInterval = TimeSpan.FromMinutes(1);

    private readonly Dictionary<ReplicaAlarm, TimeSpan> _told = [];

    /// <inheritdoc/>
    public void Committed(CommittedBlock block) => certified.Add(block.Proof);

    /// <inheritdoc/>
    public void Certified(QuorumCertificate certificate)
    {
    }

    /// <inheritdoc/>
    public void Entered(View view, ReplicaId? leader)
    {
    }

    /// <inheritdoc/>
    public void Accused(Evidence evidence)
    {
        if (!kept.Add(evidence))
        {
            return;
        }

        // The loop must not wait for a disk. There are never more of these than proofs that are kept.
        ThreadPool.QueueUserWorkItem(_ => kept.Write());
        index.Add(evidence);
        events.Write("evidence", new { validator = evidence.First.Signer.Value, kind = evidence.First.Statement.Kind.ToString(), view = evidence.First.Statement.View.Value });
    }

    /// <inheritdoc/>
    public void Alarm(ReplicaAlarm alarm, string detail)
    {
        if (_told.TryGetValue(alarm, out TimeSpan at) && clock.Now - at < AlarmInterval)
        {
            return;
        }

        _told[alarm] = clock.Now;
        events.Write("alarm", new { alarm = alarm.ToString(), detail });
        if (alarm == ReplicaAlarm.JournalFailed)
        {
            // Only a restart can find out what is on the disk.
            failed(new JournalFailedException(detail, null));
        }
    }

    /// <inheritdoc/>
    public void VotingResumed(View above) => events.Write("voting", new { resumedAbove = above.Value });
}
