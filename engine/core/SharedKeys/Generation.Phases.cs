using System.Globalization;
using Bft.Crypto.Threshold;

namespace Bft.Engine.SharedKeys;

/// <content>When a phase ends, and what follows.</content>
public sealed partial class Generation
{
    /// <summary>Closes a height: phases whose deadline it is end, and those where everybody spoke.</summary>
    internal void EndHeight(Height height)
    {
        if (IsRunning && (height >= Deadline || HaveAllSpoken()))
        {
            EndPhase(height);
        }
    }

    private void Begin(GenerationPhase phase, Height height)
    {
        Phase = phase;
        Deadline = new Height(height.Value + (ulong)Call.PhaseBlocks);
    }

    private bool HaveAllSpoken() => Phase switch
    {
        GenerationPhase.Announcing => All(SharedKeyMessageKind.Announce, Receivers.Length),
        GenerationPhase.Dealing => All(SharedKeyMessageKind.Deal, Dealers.Length),
        GenerationPhase.Complaining => All(SharedKeyMessageKind.Verdict, Receivers.Length),
        GenerationPhase.Answering => All(SharedKeyMessageKind.Answer, Dealers.Length),
        GenerationPhase.Extracting => All(SharedKeyMessageKind.Extract, Dealers.Length),
        GenerationPhase.Objecting => All(SharedKeyMessageKind.Objection, Receivers.Length),
        GenerationPhase.Revealing => SetOf(_reveals).Count >= Quorum,
        _ => false,
    };

    private bool All(SharedKeyMessageKind kind, int members) => Enumerable.Range(0, members).All(place => HasSpoken(kind, place));

    private void BlameSilent(SharedKeyMessageKind kind, bool receivers, BlameReason reason, params BlameReason[] unless)
    {
        for (int place = 0; place < (receivers ? Receivers.Length : Dealers.Length); place++)
        {
            if (!HasSpoken(kind, place) && !unless.Any(other => IsBlamed(receivers, place, other)))
            {
                Accuse(receivers, place, reason);
            }
        }
    }

    private void EndPhase(Height height)
    {
        switch (Phase)
        {
            case GenerationPhase.Announcing:
                BlameSilent(SharedKeyMessageKind.Announce, receivers: true, BlameReason.NoAnnouncement);
                if (Holders.Count < Quorum)
                {
                    Fail(height, string.Create(CultureInfo.InvariantCulture, $"{Holders.Count} receivers announced a key, {Quorum} are needed"));
                    return;
                }

                Begin(GenerationPhase.Dealing, height);
                return;
            case GenerationPhase.Dealing:
                BlameSilent(SharedKeyMessageKind.Deal, receivers: false, BlameReason.NoDealing, BlameReason.MalformedDealing, BlameReason.OtherSecret);
                Begin(GenerationPhase.Complaining, height);
                return;
            case GenerationPhase.Complaining:
                BlameSilent(SharedKeyMessageKind.Verdict, receivers: true, BlameReason.NoVerdict);
                EndComplaining(height);
                return;
            case GenerationPhase.Answering:
                BlameSilent(SharedKeyMessageKind.Answer, receivers: false, BlameReason.NoAnswer, BlameReason.WrongAnswer);
                Qualify(height);
                return;
            case GenerationPhase.Extracting:
                BlameSilent(SharedKeyMessageKind.Extract, receivers: false, BlameReason.NoExtraction, BlameReason.MalformedExtraction, BlameReason.WrongExtraction);
                foreach (int dealer in Qualified.ToArray())
                {
                    _rebuilt = _extracted[dealer] is null ? _rebuilt.With(new ReplicaId(dealer)) : _rebuilt;
                }

                Begin(GenerationPhase.Objecting, height);
                return;
            case GenerationPhase.Objecting:
                BlameSilent(SharedKeyMessageKind.Objection, receivers: true, BlameReason.NoObjection, BlameReason.FalseObjection);
                if (_rebuilt.Count == 0)
                {
                    Finish(height);
                }
                else if (Qualified.Count - _rebuilt.Count < DealerCommittee.HonestSize)
                {
                    // What is rebuilt is known to all. Whoever keeps the honest dealers' words from the log must not have the key itself published.
                    Fail(height, string.Create(CultureInfo.InvariantCulture, $"{_rebuilt.Count} of {Qualified.Count} dealers published no commitments that hold: rebuilding them could show the key"));
                }
                else
                {
                    Begin(GenerationPhase.Revealing, height);
                }

                return;
            default:
                EndRevealing(height);
                return;
        }
    }

    private void EndComplaining(Height height)
    {
        // Fewer than a quorum's verdicts are not silence of the faulty: the honest were not heard, and may hold nothing.
        int verdicts = _verdicts.Count(verdict => verdict is not null);
        if (verdicts < Quorum)
        {
            Fail(height, string.Create(CultureInfo.InvariantCulture, $"{verdicts} receivers gave a verdict, {Quorum} are needed"));
            return;
        }

        bool accused = false;
        for (int dealer = 0; dealer < Dealers.Length; dealer++)
        {
            int accusers = AccusersOf(dealer).Count;
            if (accusers > ReceiverCommittee.FaultBound)
            {
                Accuse(false, dealer, BlameReason.TooManyComplaints);
            }
            else
            {
                accused |= accusers > 0;
            }
        }

        if (accused)
        {
            Begin(GenerationPhase.Answering, height);
        }
        else
        {
            Qualify(height);
        }
    }

    private void Qualify(Height height)
    {
        for (int dealer = 0; dealer < Dealers.Length; dealer++)
        {
            bool answered = AccusersOf(dealer).Count == 0 || _answers[dealer] is not null;
            if (_deals[dealer] is not null && answered && !IsBlamed(false, dealer, BlameReason.TooManyComplaints))
            {
                Qualified = Qualified.With(new ReplicaId(dealer));
            }
        }

        int needed = IsResharing ? _old!.Quorum : DealerCommittee.HonestSize;
        if (Qualified.Count < needed)
        {
            Fail(height, string.Create(CultureInfo.InvariantCulture, $"{Qualified.Count} dealers qualified, {needed} are needed"));
        }
        else if (IsResharing)
        {
            Finish(height);
        }
        else
        {
            Begin(GenerationPhase.Extracting, height);
        }
    }

    private void EndRevealing(Height height)
    {
        int[] revealed = [.. SetOf(_reveals).ToArray().Take(Quorum)];
        if (revealed.Length < Quorum)
        {
            Fail(height, string.Create(CultureInfo.InvariantCulture, $"{revealed.Length} receivers revealed their shares of the dealers at fault, {Quorum} are needed"));
            return;
        }

        foreach (int dealer in _rebuilt.ToArray())
        {
            _extracted[dealer] = Commitments.OfRevealed(
                [.. revealed.Select(receiver => receiver + 1)], [.. revealed.Select(receiver => _reveals[receiver]![dealer].Value)]);
        }

        Finish(height);
    }

    private void Finish(Height height)
    {
        int[] counting = Counting();
        Commitments commitments = IsResharing
            ? Commitments.Interpolate([.. counting.Select(dealer => dealer + 1)], [.. counting.Select(dealer => _deals[dealer]!.Open!)])
            : Commitments.Sum([.. counting.Select(dealer => _extracted[dealer]!)]);
        if (IsResharing && commitments.GroupKey != _old!.GroupKey)
        {
            throw new InvalidOperationException($"Resharing {Id} would change the group key, though every dealer's secret was checked: a bug.");
        }

        if (commitments.IsDegenerate)
        {
            Fail(height, "the dealings cancel each other out");
            return;
        }

        // A dealer that speaks last may have chosen its own share so that no scheme takes the key. The dealer is not known by that, the holder of the share is.
        if (commitments.FindVoid(Receivers.Length) is { Count: > 0 } places)
        {
            foreach (int place in places)
            {
                Accuse(true, place, BlameReason.VoidShare);
            }

            Fail(height, string.Create(CultureInfo.InvariantCulture, $"{places.Count} of {Receivers.Length} shares came to nothing or to that of another: no key"));
            return;
        }

        Height effect = new(Math.Max(Call.EffectHeight.Value, height.Value + 1 + (ulong)Call.EffectAfter));
        End(GenerationPhase.Done, height, null, commitments, effect);
    }

    private void Fail(Height height, string reason) => End(GenerationPhase.Failed, height, reason, null, default);

    private void End(GenerationPhase phase, Height height, string? failure, Commitments? commitments, Height effect)
    {
        Phase = phase;
        Deadline = height;
        Outcome = new SharedKeyOutcome(Id, height, failure, Receivers, Holders, Qualified, [.. _blamed], commitments, effect, Call.Reshares);
    }
}
