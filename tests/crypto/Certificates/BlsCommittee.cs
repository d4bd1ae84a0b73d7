using Bft.Crypto.Bls12381;
using Bft.Crypto.Bls12381.Curves;
using Bft.Crypto.Bls12381.Fields;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;
using Bft.Crypto.Threshold;

namespace Bft.Crypto.Tests.Certificates;

/// <summary>Replicas with BLS keys of their own, or with shares of one, and the points that an attacker would send.</summary>
internal sealed class BlsCommittee
{
    private readonly ISigner[] _signers;

    private BlsCommittee(ISigner[] signers, CommitteeKeys keys, string name)
    {
        _signers = signers;
        Keys = keys;
        Scheme = CertificateSchemes.TryCreate(name, keys, null, out KeyRefusal? refusal) ?? throw new InvalidOperationException(refusal!.ToString());
    }

    public CommitteeKeys Keys { get; }

    public ICertificateScheme Scheme { get; }

    /// <summary>Replica i's secret is made of a seed of i + 1.</summary>
    public static BlsCommittee Aggregated(int size, int quorum) => new(
        [.. Enumerable.Range(0, size).Select(i => BlsVoting.Aggregated.CreateSigner(SeedOf(i)))],
        new CommitteeKeys([.. Enumerable.Range(0, size).Select(i => BlsVoting.Aggregated.CreateSigner(SeedOf(i)).PublicKey)], quorum)
        {
            Possessions = [.. Enumerable.Range(0, size).Select(i => (ReadOnlyMemory<byte>)((IProvesPossession)BlsVoting.Aggregated).ProvePossession(SeedOf(i)))],
        },
        "bls");

    public static BlsCommittee Shared(int size, int quorum)
    {
        using Dealing dealing = ((IDealsShares)BlsVoting.Shared).Deal(size, quorum);
        ISigner[] signers = [.. Enumerable.Range(0, size).Select(i => dealing.ShareOf("consensus", i).CreateSigner())];
        return new BlsCommittee(
            signers,
            new CommitteeKeys([.. signers.Select(signer => signer.PublicKey)], quorum) { Commitments = dealing.Commitments.Encode() },
            "bls-threshold");
    }

    public static byte[] SeedOf(int replica) => [.. Enumerable.Repeat((byte)0x5A, 31), (byte)(replica + 1)];

    public byte[] Vote(int signer, ReadOnlySpan<byte> message)
    {
        var signature = new byte[48];
        _signers[signer].Sign(message, signature);
        return signature;
    }

    public ReadOnlyMemory<byte>[] Votes(int[] signers, byte[] message) => [.. signers.Select(signer => (ReadOnlyMemory<byte>)Vote(signer, message))];

    /// <summary>The encoding of a vote with something added to it.</summary>
    public static byte[] Shifted(byte[] vote, in G1Point by)
    {
        Assert.Equal(BlsRefusal.None, G1Point.Read(vote, out G1Point point));
        return (point + by).ToBytes();
    }

    /// <summary>A point of the curve whose order divides the cofactor: invisible to the pairing, as far from a signature as can be.</summary>
    public static G1Point Torsion()
    {
        for (byte x = 1; ; x++)
        {
            var encoded = new byte[48];
            encoded[0] = 0x80;
            encoded[47] = x;
            if (PointEncoding.ReadCompressed<Fp, G1Curve, FpCodec>(encoded, out Projective<Fp, G1Curve> point) != BlsRefusal.None || G1Curve.SubgroupMask(point) != 0)
            {
                continue;
            }

            // r·P by the schoolbook, which asks nothing of the subgroup.
            var product = Projective<Fp, G1Curve>.Identity;
            foreach (char bit in Order)
            {
                Projective<Fp, G1Curve>.Double(product, out product);
                if (bit == '1')
                {
                    Projective<Fp, G1Curve>.Add(product, point, out product);
                }
            }

            if (Projective<Fp, G1Curve>.IdentityMask(product) == 0)
            {
                return new G1Point(product);
            }
        }
    }

    private static string Order => string.Concat(Convert.FromHexString("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001").Select(one => Convert.ToString(one, 2).PadLeft(8, '0')));
}
