namespace Bft.Network.Api.Http;

// The shapes of the HTTP API. Digests, ids and byte strings are lower-case hexadecimal unless a name says otherwise.

/// <summary>A validator's own word about itself and the others.</summary>
/// <param name="ChainId">The chain.</param>
/// <param name="Protocol">The protocol that orders blocks.</param>
/// <param name="Scheme">The certificate scheme.</param>
/// <param name="Backend">What does its arithmetic in this process: <c>managed</c>, or a native library's name.</param>
/// <param name="Validator">Which validator answers.</param>
/// <param name="Height">The last committed height.</param>
/// <param name="ExecutedHeight">The last executed height.</param>
/// <param name="View">The current view.</param>
/// <param name="Leader">Who leads it; null when not known.</param>
/// <param name="Head">The digest of the last committed block.</param>
/// <param name="StateRoot">The state root after the executed height.</param>
/// <param name="CommittedTransactions">Transactions committed since genesis.</param>
/// <param name="Mempool">Transactions waiting.</param>
/// <param name="Voting">Whether it votes.</param>
/// <param name="NotVotingBecause">Why it does not.</param>
/// <param name="TransactionsPerSecond">The recent rate of commits.</param>
/// <param name="BlocksPerSecond">The recent rate of blocks.</param>
/// <param name="ViewChanges">Views given up since start.</param>
/// <param name="FaultBound">f: how many validators may be faulty.</param>
/// <param name="Quorum">q: how many signatures make a certificate.</param>
/// <param name="Peers">The other validators as seen from this one.</param>
/// <param name="Committee">Names and addresses of all validators, from genesis.</param>
public sealed record StatusDocument(
    string ChainId, string Protocol, string Scheme, string Backend, int Validator, ulong Height, ulong ExecutedHeight, ulong View, int? Leader, string Head, string StateRoot,
    ulong CommittedTransactions, int Mempool, bool Voting, string? NotVotingBecause, double TransactionsPerSecond, double BlocksPerSecond,
    ulong ViewChanges, int FaultBound, int Quorum, IReadOnlyList<PeerDocument> Peers, IReadOnlyList<MemberDocument> Committee);

/// <summary>Another validator as seen from the one that answers.</summary>
/// <param name="Id">Which.</param>
/// <param name="Connected">Whether a link is up.</param>
/// <param name="Height">The last height it was heard to have.</param>
public sealed record PeerDocument(int Id, bool Connected, ulong Height);

/// <summary>A validator as genesis names it.</summary>
/// <param name="Id">Which.</param>
/// <param name="Name">For people.</param>
/// <param name="ClientAddress">host:port of gRPC.</param>
/// <param name="HttpAddress">host:port of HTTP.</param>
public sealed record MemberDocument(int Id, string Name, string ClientAddress, string HttpAddress);

/// <summary>A committed block.</summary>
/// <param name="Height">Its height.</param>
/// <param name="Digest">Its digest.</param>
/// <param name="View">The view it was proposed in.</param>
/// <param name="Proposer">Who proposed it.</param>
/// <param name="Parent">Its parent's digest; zeros in protocols without one.</param>
/// <param name="PayloadRoot">The digest of its payload.</param>
/// <param name="Time">Milliseconds since 1970-01-01 UTC by the proposer's clock.</param>
/// <param name="Executed">The earlier state this block vouches for.</param>
/// <param name="Certificate">The certificate that proves the commit; null in crash-fault protocols.</param>
/// <param name="TransactionCount">How many transactions it holds.</param>
/// <param name="Bytes">Its encoded size.</param>
/// <param name="Transactions">The transactions; null in listings.</param>
public sealed record BlockDocument(
    ulong Height, string Digest, ulong View, int Proposer, string Parent, string PayloadRoot, ulong Time, StatePointDocument Executed,
    CertificateDocument? Certificate, int TransactionCount, int Bytes, IReadOnlyList<BlockTransactionDocument>? Transactions);

/// <summary>A state after a height.</summary>
/// <param name="Height">The height.</param>
/// <param name="StateRoot">The state root.</param>
/// <param name="Chain">The ledger's hash chain.</param>
public sealed record StatePointDocument(ulong Height, string StateRoot, string Chain);

/// <summary>A quorum's signature.</summary>
/// <param name="Kind">What was signed.</param>
/// <param name="View">In which view.</param>
/// <param name="Subject">The digest that was signed.</param>
/// <param name="Signers">Who signed.</param>
public sealed record CertificateDocument(string Kind, ulong View, string Subject, IReadOnlyList<int> Signers);

/// <summary>A transaction in a block.</summary>
/// <param name="Id">Client id, colon, sequence.</param>
/// <param name="Command">The command in hexadecimal.</param>
public sealed record BlockTransactionDocument(string Id, string Command);

/// <summary>Where a transaction was committed.</summary>
/// <param name="Id">Client id, colon, sequence.</param>
/// <param name="Height">The block.</param>
/// <param name="Code">Its result: 0 for success.</param>
/// <param name="Command">The command in hexadecimal.</param>
public sealed record TransactionDocument(string Id, ulong Height, int Code, string Command);

/// <summary>A key's value as this validator has it.</summary>
/// <param name="Key">The key as text; null when it is not UTF-8.</param>
/// <param name="KeyHex">The key.</param>
/// <param name="Found">Whether it is there.</param>
/// <param name="Value">The value as text; null when absent or not UTF-8.</param>
/// <param name="ValueHex">The value; null when absent.</param>
/// <param name="Height">The height this describes.</param>
/// <param name="Consistency"><c>stale</c> or <c>readIndex</c>: one validator's word either way; only a proof is more.</param>
/// <param name="Proof">With <c>prove=true</c>: what a client checks against genesis.</param>
public sealed record KeyDocument(
    string? Key, string KeyHex, bool Found, string? Value, string? ValueHex, ulong Height, string Consistency, ProofDocument? Proof);

/// <summary>A proof of a key's value or absence; canonical encodings in hexadecimal.</summary>
/// <param name="StateRoot">The root the state proof leads to: the header's executed state root.</param>
/// <param name="StateProof">The state proof.</param>
/// <param name="Header">The certified header.</param>
/// <param name="HeaderDigest">The header's digest: the certificate's subject.</param>
/// <param name="Certificate">The certificate.</param>
/// <param name="CertificateView">The certificate's view.</param>
/// <param name="Signers">The certificate's signers.</param>
public sealed record ProofDocument(
    string StateRoot, string StateProof, string Header, string HeaderDigest, string Certificate, ulong CertificateView, IReadOnlyList<int> Signers);

/// <summary>A signed run of transactions in its canonical encoding, one way or the other.</summary>
/// <param name="RunBase64">In base64.</param>
/// <param name="RunHex">In hexadecimal.</param>
public sealed record SubmitDocument(string? RunBase64, string? RunHex);

/// <summary>What became of a submitted run.</summary>
/// <param name="Verdict"><c>accepted</c>, <c>duplicate</c> or <c>executed</c>.</param>
/// <param name="Client">The client's id.</param>
/// <param name="First">The first sequence.</param>
/// <param name="Last">The last sequence.</param>
/// <param name="Height">With <c>executed</c>: the height by which all of it was executed.</param>
/// <param name="Codes">With <c>executed</c>: the results, one a transaction.</param>
public sealed record SubmittedDocument(string Verdict, string Client, ulong First, ulong Last, ulong? Height, IReadOnlyList<int>? Codes);

/// <summary>Evidence that a validator signed two contradicting statements.</summary>
/// <param name="Signer">Who.</param>
/// <param name="Kind">The kind of statement.</param>
/// <param name="View">The view.</param>
/// <param name="Slot">The height or slot.</param>
/// <param name="FirstSubject">One subject.</param>
/// <param name="SecondSubject">The other.</param>
public sealed record EvidenceDocument(int Signer, string Kind, ulong View, ulong Slot, string FirstSubject, string SecondSubject);
