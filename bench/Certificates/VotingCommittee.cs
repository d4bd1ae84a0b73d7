using System.Diagnostics;
using Bft.Crypto;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;
using Bft.Crypto.Threshold;
using Bft.Engine;

namespace Bft.Bench.Certificates;

/// <summary>A committee with fresh keys under a certificate scheme, and the statement that it votes for.</summary>
internal sealed class VotingCommittee : IDisposable
{
    private readonly ISigner[] _signers;
    private readonly CommitteeKeys _keys;
    private readonly byte[] _message = new byte[Statement.SignedBytes];
    private readonly byte[] _other = new byte[Statement.SignedBytes];

    private VotingCommittee(string scheme, ISigner[] signers, CommitteeKeys keys)
    {
        _signers = signers;
        _keys = keys;
        long start = Stopwatch.GetTimestamp();
        Scheme = CreateScheme(scheme);
        FirstCheckOfKeys = Stopwatch.GetElapsedTime(start);
        var chain = new Chain(HashFunction.Sha256.Hash("bench"u8), "hotstuff", new Committee(signers.Length), HashFunction.Sha256, acceptUnsigned: true);
        Committee = chain.Committee;
        Statement = new Statement(StatementKind.Vote, default, new View(7), new Height(5), HashFunction.Sha256.Hash("block"u8));
        chain.WriteSigned(Statement, _message);
        chain.WriteSigned(Statement with { View = new View(8) }, _other);
    }

    public ICertificateScheme Scheme { get; }

    /// <summary>How long it took when this committee was made; in a fresh process that is compiling, most of all.</summary>
    public TimeSpan FirstCheckOfKeys { get; }

    public Committee Committee { get; }

    public Statement Statement { get; }

    public int KeyBytes => _keys.PublicKeys[0].Length;

    public byte[] Message => _message;

    /// <summary>Makes keys and has them checked.</summary>
    public static VotingCommittee Create(string scheme, int replicas)
    {
        ISignatureScheme voting = CertificateSchemes.VotingScheme(scheme) ?? throw new ArgumentException($"There is no certificate scheme \"{scheme}\"; known: {string.Join(", ", CertificateSchemes.Names)}.", nameof(scheme));
        int quorum = new Committee(replicas).QuorumSize;
        if (voting is IDealsShares dealer)
        {
            using Dealing dealing = dealer.Deal(replicas, quorum);
            ISigner[] holders = [.. Enumerable.Range(0, replicas).Select(i => ShareOf(dealing, i))];
            return new VotingCommittee(scheme, holders, new CommitteeKeys(KeysOf(holders), quorum) { Commitments = dealing.Commitments.Encode() });
        }

        var signers = new ISigner[replicas];
        var possessions = new ReadOnlyMemory<byte>[replicas];
        var seed = new byte[Keys.SeedBytes];
        for (int i = 0; i < replicas; i++)
        {
            signers[i] = Keys.GenerateSigner(voting, seed);
            possessions[i] = (voting as IProvesPossession)?.ProvePossession(seed);
        }

        return new VotingCommittee(scheme, signers, new CommitteeKeys(KeysOf(signers), quorum) { Possessions = voting is IProvesPossession ? [.. possessions] : [] });
    }

    /// <summary>Has keys, proofs and commitments checked again, as every start does.</summary>
    public TimeSpan CheckKeys()
    {
        long start = Stopwatch.GetTimestamp();
        _ = CreateScheme(Scheme.Name);
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Signs a vote.</summary>
    public byte[] Vote(int signer) => Sign(signer, _message);

    /// <summary>What a liar sends: well-formed, of its own key, for something else.</summary>
    public byte[] BadVote(int signer) => Sign(signer, _other);

    public void Dispose() => Array.ForEach(_signers, signer => signer.Dispose());

    // Without a cache: what is verified is verified.
    private ICertificateScheme CreateScheme(string name) =>
        CertificateSchemes.TryCreate(name, _keys, null, out KeyRefusal? refusal) ?? throw new InvalidOperationException(refusal!.ToString());

    private static ISigner ShareOf(Dealing dealing, int replica)
    {
        using Crypto.KeyStore.SecretKey share = dealing.ShareOf("consensus", replica);
        return share.CreateSigner();
    }

    private static System.Collections.Immutable.ImmutableArray<ReadOnlyMemory<byte>> KeysOf(ISigner[] signers) => [.. signers.Select(signer => signer.PublicKey)];

    private byte[] Sign(int signer, byte[] message)
    {
        var signature = new byte[Scheme.VoteSignatureBytes];
        _signers[signer].Sign(message, signature);
        return signature;
    }
}
