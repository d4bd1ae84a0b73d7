namespace Bft.Bench.Certificates;

/// <summary>What a measurement of certificates is asked for.</summary>
public sealed record CertificateOptions
{
    /// <summary>Committees of these many replicas, ascending.</summary>
    public IReadOnlyList<int> Sizes { get; init; } = [4, 10, 31, 100, 301];

    /// <summary>The certificate schemes, by name; null for all there are.</summary>
    public IReadOnlyList<string>? Schemes { get; init; }

    /// <summary>How long each single figure is measured, at the least; what takes longer is done three times.</summary>
    public TimeSpan Each { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Processes that are started for the cold start of each scheme; 0 to leave it out.</summary>
    public int ColdStarts { get; init; } = 3;
}

/// <summary>A time in microseconds: the mean of a round of calls, the best round and the one in the middle. They lie apart on a busy machine.</summary>
/// <param name="Best">The fastest round.</param>
/// <param name="Median">The round in the middle.</param>
public sealed record Microseconds(double Best, double Median);

/// <summary>What a certificate costs whose quorum holds votes that their keys did not sign.</summary>
/// <param name="Bad">How many of the quorum's votes are bad; they are spread evenly over it.</param>
/// <param name="Checks">How many verifications it took to name them.</param>
/// <param name="SearchMicroseconds">From the votes to the names of those who lied.</param>
/// <param name="BuildMicroseconds">The search, and then a certificate of a quorum of good votes.</param>
/// <param name="RefuseMicroseconds">To refuse a certificate that was made of these votes all the same.</param>
public sealed record BadVotesReport(int Bad, int Checks, Microseconds SearchMicroseconds, Microseconds BuildMicroseconds, Microseconds RefuseMicroseconds);

/// <summary>One scheme with a committee of one size. Nothing is remembered between calls: every signature is verified every time.</summary>
/// <param name="Scheme">The certificate scheme.</param>
/// <param name="Backend">What does its arithmetic.</param>
/// <param name="Replicas">n.</param>
/// <param name="Faults">f.</param>
/// <param name="Quorum">q.</param>
/// <param name="KeyBytes">A consensus key.</param>
/// <param name="VoteBytes">The signature of a vote.</param>
/// <param name="SignatureBytes">The signature part of a certificate of a quorum.</param>
/// <param name="CertificateBytes">The whole certificate as it is sent and stored: statement, set of signers, signature.</param>
/// <param name="CheckKeysMilliseconds">Once a start: all keys, proofs and commitments of the committee.</param>
/// <param name="SignMicroseconds">One vote.</param>
/// <param name="VerifyVoteMicroseconds">One vote by itself.</param>
/// <param name="BuildMicroseconds">From q votes, none of them checked before, to a certificate that is known to be good.</param>
/// <param name="VerifyMicroseconds">The certificate, by somebody who saw none of the votes.</param>
/// <param name="WithBadVotes">The same when votes are bad: one of them, and f of them.</param>
public sealed record SchemeReport(
    string Scheme,
    string Backend,
    int Replicas,
    int Faults,
    int Quorum,
    int KeyBytes,
    int VoteBytes,
    int SignatureBytes,
    int CertificateBytes,
    double CheckKeysMilliseconds,
    Microseconds SignMicroseconds,
    Microseconds VerifyVoteMicroseconds,
    Microseconds BuildMicroseconds,
    Microseconds VerifyMicroseconds,
    IReadOnlyList<BadVotesReport> WithBadVotes);

/// <summary>The first calls of a fresh process, in microseconds, with four replicas. Compiling is most of it. The median of the processes, each figure by itself.</summary>
/// <param name="Scheme">The certificate scheme.</param>
/// <param name="CheckKeysMicroseconds">All keys and proofs, the first thing a validator does with them.</param>
/// <param name="FirstSignMicroseconds">The first vote signed after that.</param>
/// <param name="FirstBuildMicroseconds">The first certificate built after that.</param>
/// <param name="FirstVerifyMicroseconds">The first certificate verified after that.</param>
/// <param name="LaterVerifyMicroseconds">The same certificate, verified once more.</param>
public sealed record ColdStartReport(
    string Scheme, double CheckKeysMicroseconds, double FirstSignMicroseconds, double FirstBuildMicroseconds, double FirstVerifyMicroseconds, double LaterVerifyMicroseconds);

/// <summary>From how many replicas on a scheme is the better one, by the straight line between the sizes that were measured. Null: at none of these sizes.</summary>
/// <param name="From">The scheme that is better in small committees, or never.</param>
/// <param name="To">The scheme that is compared with it.</param>
/// <param name="SizeReplicas">By the bytes of a certificate.</param>
/// <param name="BuildReplicas">By the time to build one.</param>
/// <param name="VerifyReplicas">By the time to verify one.</param>
public sealed record CrossoverReport(string From, string To, int? SizeReplicas, int? BuildReplicas, int? VerifyReplicas);

/// <summary>Everything that was measured.</summary>
/// <param name="Results">One a scheme and size.</param>
/// <param name="ColdStart">One a scheme; empty when left out.</param>
/// <param name="Crossover">Each other scheme against <c>ed25519</c>; empty when that was left out.</param>
/// <param name="Seconds">How long it took.</param>
public sealed record CertificateReport(IReadOnlyList<SchemeReport> Results, IReadOnlyList<ColdStartReport> ColdStart, IReadOnlyList<CrossoverReport> Crossover, double Seconds);
