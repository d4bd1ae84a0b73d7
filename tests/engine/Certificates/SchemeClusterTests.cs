using Bft.Crypto;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;

namespace Bft.Engine.Tests.Certificates;

/// <summary>A committee under each real scheme, without liars and with one whose votes are false: it costs its search once, and nobody waits for it.</summary>
public class SchemeClusterTests
{
    private const int D = 3;

    public static TheoryData<string> Schemes => ["bls", "bls-threshold", "mldsa"];

    private static (ICertificateScheme Scheme, ISigner[] Signers) Committee(string name)
    {
        if (name != "mldsa")
        {
            var keys = new BlsKeys(4, name == "bls" ? null : 3);
            return (keys.Scheme, keys.Signers);
        }

        ISigner[] signers = [.. Enumerable.Range(0, 4).Select(_ => Crypto.Keys.GenerateSigner(MlDsaScheme.Instance))];
        return (CertificateSchemes.Create(name, [.. signers.Select(signer => signer.PublicKey)]), signers);
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public void Four_replicas_commit_and_every_certificate_is_believed(string name)
    {
        (ICertificateScheme scheme, ISigner[] signers) = Committee(name);
        var cluster = new SchemeCluster(scheme, signers);
        cluster.RunTo(10);
        Assert.All(cluster.Members, member => Assert.Empty(member.Alarms));
        Assert.All(cluster.Members, member => Assert.Equal(0, member.Refused));
        QuorumCertificate[] certificates = [.. cluster.Members.SelectMany(member => member.Certificates)];
        Assert.NotEmpty(certificates);
        Assert.All(certificates, certificate => Assert.True(cluster.Claims.IsCertificate(certificate)));
        Assert.All(certificates, certificate => Assert.Equal(scheme.CertificateBytes(3), certificate.Signature.Length));
        Assert.All(certificates, certificate => Assert.Equal(scheme.NamesSigners ? 3 : 0, certificate.Signers.Count));
    }

    [Theory]
    [InlineData("bls", false)]
    [InlineData("bls", true)]
    [InlineData("bls-threshold", false)]
    [InlineData("bls-threshold", true)]
    public void One_whose_votes_are_false_is_found_once_by_each_and_stops_nobody(string name, bool overtakes)
    {
        (ICertificateScheme scheme, ISigner[] signers) = Committee(name);
        signers[D] = new FalseVotes(signers[D]);
        var cluster = new SchemeCluster(scheme, signers) { Fastest = overtakes ? new ReplicaId(D) : null };
        cluster.RunTo(40);
        foreach (SchemeCluster.Member honest in cluster.Members[..D])
        {
            // Messages that were under way when it was caught may hold a second false vote; after that its votes get past no edge.
            Assert.InRange(honest.Alarms.Count, 0, 2);
            Assert.All(honest.Alarms, alarm => Assert.Contains("{3}", alarm, StringComparison.Ordinal));
            Assert.Equal(honest.Alarms.Count > 0, honest.Replica.Suspects.Contains(new ReplicaId(D)));
            Assert.All(new[] { 0, 1, 2 }, other => Assert.False(honest.Replica.Suspects.Contains(new ReplicaId(other))));
            Assert.Empty(honest.Evidence);

            // One check a certificate that it built, and one search of a few.
            Assert.InRange(honest.Checks, 0, honest.Certificates.Count + (5 * honest.Alarms.Count));
            Assert.All(honest.Certificates, certificate => Assert.True(cluster.Claims.IsCertificate(certificate) && !certificate.Signers.Contains(new ReplicaId(D))));
        }

        // Where its votes come first, nobody builds a certificate without finding it.
        Assert.All(cluster.Members[..D], member => Assert.True(!overtakes || member.Certificates.Count == 0 || member.Alarms.Count > 0));
        Assert.Contains(cluster.Members[..D], member => member.Alarms.Count > 0);
    }

    /// <summary>Signs proposals as it should, votes and timeouts with one bit wrong in what is signed.</summary>
    private sealed class FalseVotes(ISigner signer) : ISigner
    {
        public ISignatureScheme Scheme => signer.Scheme;

        public ReadOnlyMemory<byte> PublicKey => signer.PublicKey;

        public void Sign(ReadOnlySpan<byte> message, Span<byte> signature)
        {
            byte[] other = message.ToArray();
            if ((StatementKind)message[Digest.Size] is StatementKind.Vote or StatementKind.Timeout)
            {
                other[^1] ^= 1;
            }

            signer.Sign(other, signature);
        }

        public void Dispose() => signer.Dispose();
    }
}
