using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine.Transport;
using Bft.Simulation;

namespace Bft.Engine.Tests.Certificates;

/// <summary>What a replica signed itself is not verified when it comes back; nothing else is believed for that.</summary>
public class OwnSignatureTests
{
    private static readonly ReplicaId Self = new(2);
    private readonly FastScheme _scheme = new(4, 7);
    private readonly Chain _chain = new(HashFunction.Sha256.Hash("own"u8), "hotstuff", new Committee(4, FaultModel.Byzantine), HashFunction.Sha256);
    private readonly Counter _meter = new();

    [Fact]
    public void A_certificate_costs_one_verification_less_when_we_are_among_its_signers()
    {
        var claims = new Claims(_chain, _scheme, new VerifiedCache(), _meter);
        var statement = new Statement(StatementKind.Vote, _chain.Committee.Epoch, new View(5), new Height(5), HashFunction.Sha256.Hash("block"u8));
        byte[] message = Message(statement);
        var signer = new MeteredSigner(_scheme.SignerOf(Self.Value), _meter, (signed, signature) => claims.Remember(Self, signed, signature));
        byte[] own = new byte[FastScheme.SignatureLength];
        signer.Sign(message, own);
        Assert.Equal((1, 0), (_meter.Made, _meter.Checked));

        Assert.True(claims.IsCertificate(new QuorumCertificate(statement, ReplicaSet.Of(0, 1, 2), (byte[])[.. Sign(0, message), .. Sign(1, message), .. own])));
        Assert.Equal(2, _meter.Checked);
    }

    [Fact]
    public void A_remembered_signature_vouches_for_no_other_signer_and_no_other_bytes()
    {
        var claims = new Claims(_chain, _scheme, new VerifiedCache(), _meter);
        var statement = new Statement(StatementKind.Vote, _chain.Committee.Epoch, new View(5), new Height(5), HashFunction.Sha256.Hash("block"u8));
        byte[] message = Message(statement);
        byte[] own = Sign(2, message);
        claims.Remember(Self, message, own);
        Assert.True(claims.IsVote(new Vote(statement, Self, own)));
        Assert.False(claims.IsVote(new Vote(statement, new ReplicaId(1), own)));
        Assert.False(claims.IsVote(new Vote(statement with { View = new View(6) }, Self, own)));
        own[3] ^= 1;
        Assert.False(claims.IsVote(new Vote(statement, Self, own.ToArray())));
    }

    private byte[] Message(Statement statement)
    {
        byte[] message = new byte[Statement.SignedBytes];
        _chain.WriteSigned(statement, message);
        return message;
    }

    private byte[] Sign(int replica, byte[] message)
    {
        byte[] signature = new byte[FastScheme.SignatureLength];
        _scheme.SignerOf(replica).Sign(message, signature);
        return signature;
    }

    private sealed class Counter : IMeter
    {
        public int Made { get; private set; }

        public int Checked { get; private set; }

        public void Sent(TrafficClass traffic, byte kind, Phase phase, int bytes, int authenticators)
        {
        }

        public void Signed(int signatures) => Made += signatures;

        public void Verified(int signatures) => Checked += signatures;
    }
}
