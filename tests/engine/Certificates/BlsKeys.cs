using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;
using Bft.Crypto.Threshold;

namespace Bft.Engine.Tests.Certificates;

/// <summary>The keys of a committee under a BLS scheme: of its members' own, or shares of one for a quorum.</summary>
internal sealed class BlsKeys
{
    public BlsKeys(int size, int? quorum = null)
    {
        CommitteeKeys keys;
        if (quorum is { } needed)
        {
            using Dealing dealing = Dealing.OfFreshSecret(size, needed);
            Signers = [.. Enumerable.Range(0, size).Select(i => dealing.ShareOf("consensus", i).CreateSigner())];
            keys = new CommitteeKeys([.. Signers.Select(signer => signer.PublicKey)], needed) { Commitments = dealing.Commitments.Encode() };
        }
        else
        {
            byte[][] seeds = [.. Enumerable.Range(0, size).Select(i => (byte[])[.. Enumerable.Repeat((byte)0x21, 31), (byte)i])];
            Signers = [.. seeds.Select(seed => BlsVoting.Aggregated.CreateSigner(seed))];
            keys = new CommitteeKeys([.. Signers.Select(signer => signer.PublicKey)], size)
            {
                Possessions = [.. seeds.Select(seed => (ReadOnlyMemory<byte>)((IProvesPossession)BlsVoting.Aggregated).ProvePossession(seed))],
            };
        }

        Scheme = CertificateSchemes.TryCreate(quorum is null ? "bls" : "bls-threshold", keys, null, out KeyRefusal? refusal) ?? throw new InvalidOperationException(refusal!.ToString());
    }

    public ISigner[] Signers { get; }

    public ICertificateScheme Scheme { get; }

    public Vote Vote(Chain chain, int signer, Statement statement)
    {
        Span<byte> message = stackalloc byte[Statement.SignedBytes];
        chain.WriteSigned(statement, message);
        var signature = new byte[Scheme.VoteSignatureBytes];
        Signers[signer].Sign(message, signature);
        return new Vote(statement, new ReplicaId(signer), signature);
    }
}
