using System.Diagnostics;
using System.Globalization;
using Bft.Crypto.Bls12381.Native;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Encoding;

namespace Bft.Bench.Certificates;

/// <summary>Sizes and times of certificates, by scheme and committee, on one thread of this process.</summary>
/// <param name="options">What is measured.</param>
/// <param name="log">Progress.</param>
public sealed class CertificateRun(CertificateOptions options, TextWriter log)
{
    private const string Reference = "ed25519";

    /// <summary>Measures.</summary>
    /// <exception cref="ArgumentException">A scheme is unknown.</exception>
    public async Task<CertificateReport> RunAsync(CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        IReadOnlyList<string> schemes = options.Schemes ?? CertificateSchemes.Names;
        List<ColdStartReport> cold = [];
        foreach (string scheme in schemes)
        {
            if (options.ColdStarts > 0)
            {
                log.WriteLine($"{scheme}: {options.ColdStarts} cold starts");
                cold.Add(await ColdStart.MeasureAsync(scheme, options.ColdStarts, null, cancellation));
            }
        }

        List<SchemeReport> results = [], compared = [];
        foreach (int replicas in options.Sizes)
        {
            foreach (string scheme in schemes)
            {
                cancellation.ThrowIfCancellationRequested();
                log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{scheme}, {replicas} replicas"));
                results.Add(MeasureScheme(scheme, replicas));
                if (BlsBackend.Name != ISignatureScheme.Managed && results[^1].Backend == BlsBackend.Name)
                {
                    // The managed code as well; crossovers are of the backend in use.
                    using IDisposable managed = BlsBackend.UseNamed(ISignatureScheme.Managed);
                    log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{scheme}, {replicas} replicas, managed"));
                    compared.Add(MeasureScheme(scheme, replicas));
                }
            }
        }

        return new CertificateReport([.. results, .. compared], cold, Crossovers(results), Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 1));
    }

    /// <summary>From where on the second series lies at or below the first: exactly, at a size that was measured, else by the straight line between two.</summary>
    /// <param name="sizes">Ascending.</param>
    /// <param name="from">A value a size.</param>
    /// <param name="to">A value a size.</param>
    /// <returns>A number of replicas from which on it stays so; null when it does not at the largest size.</returns>
    public static int? Crossover(IReadOnlyList<int> sizes, IReadOnlyList<double> from, IReadOnlyList<double> to)
    {
        // The last size at which it is worse; from the next one on it stays better.
        int last = sizes.Count - 1;
        while (last >= 0 && to[last] <= from[last])
        {
            last--;
        }

        if (last == sizes.Count - 1)
        {
            return null;
        }

        if (last < 0)
        {
            return sizes[0];
        }

        double before = to[last] - from[last], after = from[last + 1] - to[last + 1];
        return (int)Math.Ceiling(sizes[last] + ((sizes[last + 1] - sizes[last]) * before / (before + after)));
    }

    private static List<CrossoverReport> Crossovers(List<SchemeReport> results)
    {
        SchemeReport[] reference = [.. results.Where(result => result.Scheme == Reference)];
        int[] sizes = [.. reference.Select(result => result.Replicas)];
        List<CrossoverReport> crossovers = [];
        foreach (IGrouping<string, SchemeReport> other in results.Where(result => result.Scheme != Reference && sizes.Length > 0).GroupBy(result => result.Scheme))
        {
            int? By(Func<SchemeReport, double> figure) => Crossover(sizes, [.. reference.Select(figure)], [.. other.Select(figure)]);
            crossovers.Add(new CrossoverReport(
                Reference, other.Key, By(result => result.CertificateBytes), By(result => result.BuildMicroseconds.Best), By(result => result.VerifyMicroseconds.Best)));
        }

        return crossovers;
    }

    private SchemeReport MeasureScheme(string name, int replicas)
    {
        using var committee = VotingCommittee.Create(name, replicas);
        ICertificateScheme scheme = committee.Scheme;
        int quorum = committee.Committee.QuorumSize, faults = committee.Committee.FaultBound;
        ReadOnlyMemory<byte>[] votes = [.. Enumerable.Range(0, replicas).Select(signer => (ReadOnlyMemory<byte>)committee.Vote(signer))];
        int[] signers = [.. Enumerable.Range(0, quorum)];
        byte[] certificate = scheme.Combine(signers, votes[..quorum]);
        int[] named = scheme.NamesSigners ? signers : [];
        var encoded = new CanonicalWriter(512);
        new QuorumCertificate(committee.Statement, ReplicaSet.Of(named), certificate).Encode(encoded);
        return new SchemeReport(
            name,
            scheme.Backend,
            replicas,
            faults,
            quorum,
            committee.KeyBytes,
            scheme.VoteSignatureBytes,
            certificate.Length,
            encoded.Span.Length,
            Math.Round(committee.CheckKeys().TotalMilliseconds, 2),
            Measure(() => committee.Vote(0).Length > 0),
            Measure(() => scheme.VerifyVote(0, committee.Message, votes[0].Span)),
            Measure(() => scheme.TryCombine(signers, committee.Message, votes[..quorum]).Certificate is not null),
            Measure(() => scheme.VerifyCertificate(named, committee.Message, certificate)),
            [.. new[] { 1, faults }.Where(bad => bad > 0 && bad <= faults).Distinct().Select(bad => MeasureLies(committee, votes, bad))]);
    }

    // The first quorum holds the bad ones, spread evenly; the rest of the committee makes a good one with those that are left.
    private BadVotesReport MeasureLies(VotingCommittee committee, ReadOnlyMemory<byte>[] votes, int bad)
    {
        ICertificateScheme scheme = committee.Scheme;
        int quorum = committee.Committee.QuorumSize;
        int[] first = [.. Enumerable.Range(0, quorum)], liars = [.. Enumerable.Range(0, bad).Select(i => i * quorum / bad)];
        ReadOnlyMemory<byte>[] mixed = [.. first.Select(signer => liars.Contains(signer) ? committee.BadVote(signer) : votes[signer])];
        int[] honest = [.. Enumerable.Range(0, votes.Length).Except(liars).Take(quorum)];
        ReadOnlyMemory<byte>[] good = [.. honest.Select(signer => votes[signer])];
        bool Search() => scheme.TryCombine(first, committee.Message, mixed).Liars.SequenceEqual(liars);
        byte[] spoiled = scheme.Combine(first, mixed);
        int[] named = scheme.NamesSigners ? first : [];
        return new BadVotesReport(
            bad,
            scheme.TryCombine(first, committee.Message, mixed).Checks,
            Measure(Search),
            Measure(() => Search() && scheme.TryCombine(honest, committee.Message, good).Certificate is not null),
            Measure(() => !scheme.VerifyCertificate(named, committee.Message, spoiled)));
    }

    private Microseconds Measure(Func<bool> call) => Stopwatches.Measure(options.Each, call);
}
