using Bft.Engine.Encoding;

namespace Bft.Engine.HotStuff;

public sealed partial class HotStuffProtocol
{
    private static readonly TimerId ViewTimer = new(1);
    private static readonly TimerId IdleTimer = new(2);
    private static readonly TimerId FetchTimer = new(3);

    private bool _viewTimerArmed;
    private bool _idleTimerArmed;

    // A view is timed only while something waits: idle chains stay quiet.
    private void KeepTime(IEffects effects)
    {
        if (!_started)
        {
            return;
        }

        bool work = HasWork();
        if (work && !_viewTimerArmed)
        {
            effects.Arm(ViewTimer, _backOff.Timeout);
            _viewTimerArmed = true;
        }
        else if (!work && _viewTimerArmed)
        {
            effects.Disarm(ViewTimer);
            _viewTimerArmed = false;
        }

        bool idle = !work && _options.IdleInterval is not null && !_idleElapsed && Leads(out _);
        if (idle && !_idleTimerArmed)
        {
            effects.Arm(IdleTimer, _options.IdleInterval!.Value);
            _idleTimerArmed = true;
        }
        else if (!idle && _idleTimerArmed)
        {
            effects.Disarm(IdleTimer);
            _idleTimerArmed = false;
        }
    }

    private void Expire(TimerId timer, IEffects effects)
    {
        if (timer == ViewTimer)
        {
            _viewTimerArmed = false;
            GiveUp(_view, effects);
        }
        else if (timer == IdleTimer)
        {
            _idleTimerArmed = false;
            _idleElapsed = true;
        }
        else if (timer == FetchTimer)
        {
            FetchAgain(effects);
        }
    }

    private void GiveUp(View view, IEffects effects)
    {
        SigningAnswer answer = _voter.Sign(HotStuffMessages.TimeoutStatement(_chain.Committee.Epoch, view));
        if (!answer.Signed)
        {
            return;
        }

        Record(answer.Record, effects);
        var message = new TimeoutMessage(answer.Vote, BestQc, _lastTc);
        effects.Broadcast(message);
        effects.Send(_self, message);
    }

    // The certificate that moved us, even while its block is still missing: whoever needs it may get it from nobody else.
    private QuorumCertificate BestQc => _unresolved is { } unresolved && unresolved.View > _highQc.View ? unresolved : _highQc;

    private void OnTimeout(ReplicaId sender, TimeoutMessage message, IEffects effects)
    {
        OnQuorumCertificate(message.HighQc, effects);
        if (message.LastTc is { } tc)
        {
            OnTimeoutCertificate(tc, effects);
        }

        View view = message.Timeout.Statement.View;
        if (view < _view && sender != _self && sender == message.Timeout.Signer)
        {
            // Its author is behind: certificates bring it here, whatever it believes of us. Anybody could replay others' old timeouts.
            effects.Send(message.Timeout.Signer, new CertificatesMessage(BestQc, _lastTc));
        }

        _timeouts.Add(message.Timeout.Signer, view);
        Count(_timeoutVotes, message.Timeout, effects);

        View join = _timeouts.JoinView();
        if (join >= _view && (_voter.LastOf(StatementKind.Timeout)?.Statement.View ?? default) < join)
        {
            if (join > _view)
            {
                _view = join;
                _lastTc = null;
                _viewTimerArmed = false;
                effects.Disarm(ViewTimer);
                effects.Enter(join, LeaderOf(join));
            }

            GiveUp(join, effects);
        }
    }

    /// <summary>Record kinds of this protocol (0x80 and above).</summary>
    private const byte HighQcRecord = 0x80;
    private const byte LockRecord = 0x81;
    private const byte LastTcRecord = 0x82;

    private readonly CanonicalWriter _recordWriter = new(512);
    private QuorumCertificate? _persistedHighQc;
    private QuorumCertificate? _persistedTc;
    private View _persistedLock;

    // Whatever is signed goes to disk together with what brought this replica into its view and what it is locked on.
    private void Record(SafetyRecord? signed, IEffects effects)
    {
        if (signed is null)
        {
            return;
        }

        effects.Persist(signed);
        CanonicalWriter writer = _recordWriter;
        QuorumCertificate best = BestQc;
        if (!ReferenceEquals(_persistedHighQc, best))
        {
            writer.Clear();
            best.Encode(writer);
            effects.Persist(new SafetyRecord(new RecordKey(HighQcRecord), writer.ToArray()));
            _persistedHighQc = best;
        }

        if (_persistedLock != _lockedView)
        {
            writer.Clear();
            writer.UInt64(_lockedView.Value);
            writer.UInt64(_lockedHeight.Value);
            writer.Digest(_lockedBlock);
            effects.Persist(new SafetyRecord(new RecordKey(LockRecord), writer.ToArray()));
            _persistedLock = _lockedView;
        }

        if (!ReferenceEquals(_persistedTc, _lastTc) && _lastTc is not null)
        {
            writer.Clear();
            _lastTc.Encode(writer);
            effects.Persist(new SafetyRecord(new RecordKey(LastTcRecord), writer.ToArray()));
            _persistedTc = _lastTc;
        }
    }
}
