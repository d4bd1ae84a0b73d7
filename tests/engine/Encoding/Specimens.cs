using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine.Encoding;
using Bft.Engine.HotStuff;
using Bft.Simulation;

namespace Bft.Engine.Tests.Encoding;

/// <summary>One of everything that travels, is stored or hashed, with its decoder: the answer is what it encodes to again, or null when malformed.</summary>
internal static class Specimens
{
    public static Chain Chain { get; } = new(HashFunction.Sha256.Hash([3]), "hotstuff", new Committee(4), HashFunction.Sha256, acceptUnsigned: true);

    private static readonly Run SomeRun = Run.WithoutSignature(Chain, new byte[32], 7, ["put"u8.ToArray(), ReadOnlyMemory<byte>.Empty, "delete"u8.ToArray()]);

    private static readonly Payload SomePayload = Payload.Of(Chain, [SomeRun, Run.WithoutSignature(Chain, new byte[32], 10, [new byte[40]])]);

    private static readonly QuorumCertificate SomeCertificate = new(
        new Statement(StatementKind.Vote, default, new View(8), new Height(6), HashFunction.Sha256.Hash([6])), ReplicaSet.Of(0, 1, 3), new byte[96]);

    private static readonly QuorumCertificate SomeTimeouts = new(HotStuffMessages.TimeoutStatement(default, new View(9)), ReplicaSet.Of(1, 2, 3), new byte[96]);

    private static readonly BlockHeader SomeHeader = new(
        default,
        new Height(7),
        new View(10),
        HashFunction.Sha256.Hash([6]),
        SomePayload.Root,
        new StatePoint(new Height(3), HashFunction.Sha256.Hash([1]), HashFunction.Sha256.Hash([2])),
        new ReplicaId(2),
        1_700_000_000_000);

    public static Block SomeBlock { get; } = new(Chain, SomeHeader, SomePayload, SomeCertificate);

    public static CommittedBlock SomeCommitted { get; } = new(SomeBlock, new CommitProof(SomeCertificate, [SomeHeader, SomeHeader]));

    private static readonly Vote SomeVote = new(HotStuffMessages.VoteStatement(SomeBlock), new ReplicaId(3), new byte[FastScheme.SignatureLength]);

    private static readonly Vote SomeTimeout = new(SomeTimeouts.Statement, new ReplicaId(1), new byte[64]);

    public delegate byte[]? Decoder(ReadOnlyMemory<byte> bytes);

    public static ImmutableSortedDictionary<string, (byte[] Bytes, Decoder Decode)> All { get; } = new Dictionary<string, (byte[] Bytes, Decoder Decode)>
    {
        ["proposal"] = Wire(new ProposalMessage(SomeVote, SomeBlock, null)),
        ["proposal with a timeout certificate"] = Wire(new ProposalMessage(SomeVote, SomeBlock, SomeTimeouts)),
        ["vote"] = Wire(new VoteMessage(SomeVote)),
        ["timeout"] = Wire(new TimeoutMessage(SomeTimeout, SomeCertificate, null)),
        ["timeout with its reason"] = Wire(new TimeoutMessage(SomeTimeout, SomeCertificate, SomeTimeouts)),
        ["certificates"] = Wire(new CertificatesMessage(SomeCertificate, SomeTimeouts)),
        ["block"] = (SomeBlock.Encoded.ToArray(), bytes => Block.TryDecode(Chain, bytes, out Block? block) ? Again(block!) : null),
        ["block without certificate"] = (
            Block.Null(Chain, new Height(5)).Encoded.ToArray(), bytes => Block.TryDecode(Chain, bytes, out Block? block) ? Again(block!) : null),
        ["payload"] = (SomePayload.Encoded.ToArray(), bytes => Payload.TryDecode(Chain, bytes, out Payload? payload) ? Payload.Of(Chain, payload!.Runs).Encoded.ToArray() : null),
        ["run"] = (SomeRun.Encoded.ToArray(), bytes => Run.TryDecode(Chain, bytes, out Run? run) ? Again(run!) : null),
        ["committed block"] = (Written(writer => SomeCommitted.Encode(writer)), AgainCommitted),
        ["state point"] = (Written(writer => SomeHeader.Executed.Encode(writer)), AgainPoint),
    }.ToImmutableSortedDictionary();

    private static (byte[] Bytes, Decoder Decode) Wire(ProtocolMessage message) => (
        WireMessage.Encode(message),
        bytes => WireMessage.Decode(Chain, HotStuffProtocol.Descriptor, bytes) is { } decoded ? WireMessage.Encode(decoded) : null);

    private static byte[] Again(Block block) => new Block(Chain, block.Header, Payload.Of(Chain, block.Payload.Runs), block.Justify).Encoded.ToArray();

    private static byte[]? Again(Run run) => run.Scheme == Run.Unsigned
        ? Run.WithoutSignature(Chain, run.PublicKey.Span, run.First, run.Commands.ToArray()).Encoded.ToArray()
        : run.Encoded.ToArray();

    private static byte[]? AgainCommitted(ReadOnlyMemory<byte> bytes)
    {
        var reader = new CanonicalReader(bytes);
        CommittedBlock? block = CommittedBlock.Decode(Chain, ref reader);
        return reader.Complete && block is not null ? Written(writer => block.Encode(writer)) : null;
    }

    private static byte[]? AgainPoint(ReadOnlyMemory<byte> bytes)
    {
        var reader = new CanonicalReader(bytes);
        StatePoint point = StatePoint.Decode(ref reader);
        return reader.Complete ? Written(writer => point.Encode(writer)) : null;
    }

    private static byte[] Written(Action<CanonicalWriter> write)
    {
        var writer = new CanonicalWriter();
        write(writer);
        return writer.ToArray();
    }
}
