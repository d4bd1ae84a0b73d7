using System.Collections.Immutable;
using Bft.Crypto.Certificates;

namespace Bft.Engine;

/// <remarks>
/// Certificates are built here: in the step itself where that is copying, else by a worker, whose answer is a later input. Under a scheme that checks votes together this is
/// where they are checked: who lied is suspected from then on, told to the operator, and named to the protocol, which counts again without it.
/// </remarks>
public sealed partial class Replica
{
    private readonly Suspects _suspects;

    /// <summary>Whose votes this replica does not take on trust any more. Any thread.</summary>
    public Suspects Suspects => _suspects;

    private ICertificateScheme Certificates => _ports.Certificates;

    private void Combine(Statement statement, ImmutableArray<Vote> votes)
    {
        ImmutableArray<Vote> ordered = votes.Sort((left, right) => left.Signer.CompareTo(right.Signer));
        if (!Certificates.CombinesInline)
        {
            OffTheLoop(() => CombineAndCheck(statement, ordered));
            return;
        }

        // Each of the votes is one's own or was verified when it came: there is no bad one to find.
        int[] signers = [.. ordered.Select(vote => vote.Signer.Value)];
        byte[] signature = Certificates.Combine(signers, [.. ordered.Select(vote => vote.Signature)]);
        var certificate = new QuorumCertificate(statement, ReplicaSet.Of(signers), signature);
        _ports.Observer.Certified(certificate);
        _internal.Enqueue(new Input.Certified(certificate));
    }

    private Combined CombineAndCheck(Statement statement, ImmutableArray<Vote> votes)
    {
        var message = new byte[Statement.SignedBytes];
        _ports.Chain.WriteSigned(statement, message);
        int[] signers = [.. votes.Select(vote => vote.Signer.Value)];
        CombinedVotes combined = Certificates.TryCombine(signers, message, [.. votes.Select(vote => vote.Signature)]);
        _ports.Meter.Verified(combined.Checks);
        QuorumCertificate? certificate = combined.Certificate is { } signature
            ? new QuorumCertificate(statement, Certificates.NamesSigners ? ReplicaSet.Of(signers) : ReplicaSet.Empty, signature)
            : null;
        return new Combined(statement, certificate, ReplicaSet.Of([.. combined.Liars]));
    }

    private void TakeCombined(Combined combined)
    {
        if (combined.Certificate is { } certificate)
        {
            _ports.Observer.Certified(certificate);
            Step(new Input.Certified(certificate));
            return;
        }

        Suspect(combined.Liars, combined.Statement);
        Step(new Input.VotesRefused(combined.Statement, combined.Liars));
    }

    // A vote that was only counted proves nothing yet: whoever is accused on it might be honest, and the accuser would be the liar.
    private void Accuse(Evidence evidence)
    {
        if (!Certificates.ChecksVotesTogether)
        {
            _ports.Observer.Accused(evidence);
            return;
        }

        OffTheLoop(() =>
        {
            _ports.Meter.Verified(2);
            return new Accused(evidence, IsSigned(evidence.First) && IsSigned(evidence.Second));
        });
    }

    private bool IsSigned(in Vote vote)
    {
        Span<byte> message = stackalloc byte[Statement.SignedBytes];
        _ports.Chain.WriteSigned(vote.Statement, message);
        return Certificates.VerifyVote(vote.Signer.Value, message, vote.Signature.Span);
    }

    private void TakeAccused(Accused accused)
    {
        if (accused.Proved)
        {
            _ports.Observer.Accused(accused.Evidence);
        }
        else
        {
            Suspect(ReplicaSet.Of(accused.Evidence.First.Signer.Value), accused.Evidence.Second.Statement);
        }
    }

    private void Suspect(ReplicaSet liars, Statement statement)
    {
        foreach (int liar in liars.ToArray())
        {
            _suspects.Add(new ReplicaId(liar));
        }

        _ports.Observer.Alarm(
            ReplicaAlarm.FalseVotes,
            $"Votes ({statement.Kind}, view {statement.View}) of {liars} are not signed by their keys: each of their votes is checked by itself from now on. Their validators lie or are broken.");
    }

    private void OffTheLoop(Func<object> work)
    {
        if (_ports.Workers is not { } workers)
        {
            _kept.Enqueue(work());
            return;
        }

        workers.Queue(() =>
        {
            object result;
            try
            {
                result = work();
            }
            catch (Exception exception)
            {
                // A bug: hostile bytes are an answer. It must end the loop as if it had happened there, not the process or nothing.
                result = new WorkFailed(exception);
            }

            Post(result);
        });
    }

    private sealed record Combined(Statement Statement, QuorumCertificate? Certificate, ReplicaSet Liars);

    private sealed record Accused(Evidence Evidence, bool Proved);

    private sealed record WorkFailed(Exception Exception);
}
