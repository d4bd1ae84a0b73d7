using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine.Encoding;

namespace Bft.Engine;

/// <summary>What convinces someone without a replica that a block is committed; judged by the protocol's <see cref="CommitRule"/>.</summary>
/// <param name="Certificate">The certificate at the end of the path; null where the fault model needs none.</param>
/// <param name="Path">Headers from the block's child up to the certified block; empty when the certificate is the block's own.</param>
public sealed record CommitProof(QuorumCertificate? Certificate, ImmutableArray<BlockHeader> Path)
{
    /// <summary>Writes certificate and path.</summary>
    public void Encode(CanonicalWriter writer)
    {
        QuorumCertificate.EncodeOptional(Certificate, writer);
        writer.UInt16((ushort)Path.Length);
        foreach (BlockHeader header in Path)
        {
            header.Encode(writer);
        }
    }

    /// <summary>Reads what <see cref="Encode"/> wrote, refusing more headers than the chain's limit.</summary>
    public static CommitProof Decode(Chain chain, ref CanonicalReader reader)
    {
        QuorumCertificate? certificate = QuorumCertificate.DecodeOptional(ref reader);
        int count = reader.UInt16();
        if (count > chain.Limits.MaxProofHeaders || (long)count * BlockHeader.EncodedBytes > reader.Remaining)
        {
            reader.Fail();
            return new CommitProof(certificate, []);
        }

        var path = ImmutableArray.CreateBuilder<BlockHeader>(count);
        for (int i = 0; i < count; i++)
        {
            path.Add(BlockHeader.Decode(ref reader));
        }

        return new CommitProof(certificate, path.MoveToImmutable());
    }
}

/// <summary>
/// Whether <paramref name="proof"/> shows that the block with that header is committed. Registered beside its protocol, pure; sync,
/// audit and light clients need nothing else of it.
/// </summary>
public delegate bool CommitRule(BlockHeader header, CommitProof proof, IClaims claims);

/// <summary>A committed block with its proof: what the ledger keeps and sync carries.</summary>
/// <param name="Block">The block.</param>
/// <param name="Proof">Its proof.</param>
public sealed record CommittedBlock(Block Block, CommitProof Proof)
{
    /// <summary>
    /// Whether the certificate inside the block is the one that must stand there: the parent's where certificates chain the blocks, none elsewhere. The block's digest does not cover it. Its signature is not checked here.
    /// </summary>
    public bool HasFittingJustify => Block.Justify is { } justify ? justify.Statement.Subject == Block.Header.Parent : Proof.Certificate is null || Block.Header.Parent == Digest.None;

    /// <summary>Writes block and proof.</summary>
    public void Encode(CanonicalWriter writer)
    {
        writer.Bytes(Block.Encoded.Span);
        Proof.Encode(writer);
    }

    /// <summary>What <see cref="Encode"/> writes.</summary>
    public byte[] ToBytes()
    {
        var writer = new CanonicalWriter(Block.Encoded.Length + 1024);
        Encode(writer);
        return writer.ToArray();
    }

    /// <summary>Reads what <see cref="Encode"/> wrote; null (and a failed reader) when malformed.</summary>
    public static CommittedBlock? Decode(Chain chain, ref CanonicalReader reader)
    {
        ReadOnlyMemory<byte> encoded = reader.Bytes(chain.Limits.MaxBlockBytes);
        CommitProof proof = CommitProof.Decode(chain, ref reader);
        if (reader.Failed || !Block.TryDecode(chain, encoded, out Block? block))
        {
            reader.Fail();
            return null;
        }

        return new CommittedBlock(block!, proof);
    }
}
