using Bft.Crypto;
using Bft.Engine;

namespace Bft.Simulation.Nodes;

/// <summary>
/// The clients' signatures of a world with fast keys: a run is signed if and only if its client put it here, which nobody but the client does. With real keys the
/// production judge decides, and this is only the checkers' record of what clients signed.
/// </summary>
public sealed class RegisteredRuns
{
    private readonly HashSet<Digest> _signed = [];

    /// <summary>How many runs clients signed.</summary>
    public int Count => _signed.Count;

    /// <summary>A client signs.</summary>
    public void Sign(Run run) => _signed.Add(run.Digest);

    /// <summary>Whether its client signed exactly these bytes.</summary>
    public bool IsSigned(Run run) => _signed.Contains(run.Digest);
}

/// <summary>Believes what the production judge believes, and of runs without a real signature only those that their clients registered.</summary>
internal sealed class RegisteredClaims(Claims production, RegisteredRuns runs) : IClaims
{
    public Chain Chain => production.Chain;

    public bool IsVote(in Vote vote) => production.IsVote(vote);

    public bool IsCertificate(QuorumCertificate certificate) => production.IsCertificate(certificate);

    public bool IsPayload(Payload payload)
    {
        foreach (Run run in payload.Runs)
        {
            if (!IsRun(run))
            {
                return false;
            }
        }

        return true;
    }

    public bool IsRun(Run run) => run.Scheme == Run.Unsigned ? runs.IsSigned(run) : production.IsRun(run);
}
