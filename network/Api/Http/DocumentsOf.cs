using System.Text;
using Bft.Engine;
using Bft.Engine.Encoding;

namespace Bft.Network.Api.Http;

/// <summary>Engine types as HTTP documents.</summary>
internal static class DocumentsOf
{
    // Throws on bytes that are no text: then a document gives hexadecimal alone.
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static StatusDocument Status(IValidatorGateway gateway)
    {
        StatusAnswer status = gateway.Status();
        Committee committee = gateway.Chain.Committee;
        return new StatusDocument(
            gateway.Chain.Id.ToString(), gateway.Chain.Protocol, gateway.Genesis.Scheme, gateway.Backend, gateway.Self.Value, status.Height.Value, status.ExecutedHeight.Value,
            status.View.Value, status.Leader?.Value, status.Head.ToString(), status.StateRoot.ToString(), status.CommittedTransactions,
            status.Mempool, status.Voting, status.NotVotingBecause, status.TransactionsPerSecond, status.BlocksPerSecond, status.ViewChanges,
            committee.FaultBound, committee.QuorumSize,
            [.. status.Peers.Select(peer => new PeerDocument(peer.Id.Value, peer.Connected, peer.Height.Value))],
            [.. gateway.Genesis.Validators.Select((member, i) => new MemberDocument(i, member.Name, member.ClientAddress, member.HttpAddress))]);
    }

    public static BlockDocument Block(CommittedBlock committed, bool withTransactions)
    {
        Block block = committed.Block;
        BlockHeader header = block.Header;
        return new BlockDocument(
            header.Height.Value, block.Digest.ToString(), header.View.Value, header.Proposer.Value, header.Parent.ToString(),
            header.PayloadRoot.ToString(), header.Time,
            new StatePointDocument(header.Executed.Height.Value, header.Executed.StateRoot.ToString(), header.Executed.Chain.ToString()),
            committed.Proof.Certificate is { } certificate ? Certificate(certificate) : null,
            block.Payload.Transactions, block.Encoded.Length, withTransactions ? Transactions(block.Payload) : null);
    }

    public static CertificateDocument Certificate(QuorumCertificate certificate) => new(
        Name(certificate.Statement.Kind), certificate.View.Value, certificate.Statement.Subject.ToString(), certificate.Signers.ToArray());

    public static TransactionDocument Transaction(TransactionId id, TransactionAnswer answer) => new(
        id.ToString(), answer.Height.Value, answer.Code, Hex(answer.Run.Commands[(int)(id.Sequence - answer.Run.First)]));

    public static KeyDocument Key(ReadOnlyMemory<byte> key, QueryAnswer answer, bool readIndex) => new(
        Text(key), Hex(key), answer.Found, answer.Found ? Text(answer.Value) : null, answer.Found ? Hex(answer.Value) : null,
        answer.Height.Value, readIndex ? "readIndex" : "stale", Proof: null);

    public static KeyDocument Key(Chain chain, ReadOnlyMemory<byte> key, KeyProof proof)
    {
        var header = new CanonicalWriter(BlockHeader.EncodedBytes);
        proof.Header.Encode(header);
        var certificate = new CanonicalWriter(512);
        proof.Certificate.Encode(certificate);
        return new KeyDocument(
            Text(key), Hex(key), proof.Found, proof.Found ? Text(proof.Value) : null, proof.Found ? Hex(proof.Value) : null,
            proof.Height.Value, "stale",
            new ProofDocument(
                proof.Header.Executed.StateRoot.ToString(), Hex(proof.StateProof), Convert.ToHexStringLower(header.Span),
                proof.Header.DigestOn(chain).ToString(), Convert.ToHexStringLower(certificate.Span), proof.Certificate.View.Value,
                proof.Certificate.Signers.ToArray()));
    }

    public static SubmittedDocument Submitted(Run run, SubmitAnswer answer) => new(
        Name(answer.Verdict), run.Client.ToString(), run.First, run.Last, answer.Receipts?.Max(receipt => receipt.Height.Value),
        answer.Receipts is { } receipts ? [.. receipts.SelectMany(receipt => Enumerable.Range(0, receipt.Count).Select(i => (int)receipt.CodeAt(i)))] : null);

    public static EvidenceDocument Evidence(Evidence evidence) => new(
        evidence.First.Signer.Value, Name(evidence.First.Statement.Kind), evidence.First.Statement.View.Value,
        evidence.First.Statement.Slot.Value, evidence.First.Statement.Subject.ToString(), evidence.Second.Statement.Subject.ToString());

    private static List<BlockTransactionDocument> Transactions(Payload payload)
    {
        var transactions = new List<BlockTransactionDocument>(payload.Transactions);
        foreach (Run run in payload.Runs)
        {
            for (int i = 0; i < run.Count; i++)
            {
                transactions.Add(new BlockTransactionDocument(new TransactionId(run.Client, run.First + (ulong)i).ToString(), Hex(run.Commands[i])));
            }
        }

        return transactions;
    }

    private static string Name<T>(T value)
        where T : struct, Enum
    {
        string name = value.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);

    private static string? Text(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes.Span);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
