using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Crypto.Certificates;
using Bft.Crypto.Signatures;
using Bft.Engine.Encoding;

namespace Bft.Engine;

/// <summary>One validator as genesis names it.</summary>
/// <param name="Name">For people, for example the organisation.</param>
/// <param name="ConsensusKey">The public key of the certificate scheme: what signs statements.</param>
/// <param name="IdentityKey">The Ed25519 public key (32 bytes) that signs gossip and receipts.</param>
/// <param name="TlsPin">SHA-256 of the SubjectPublicKeyInfo of its TLS certificate.</param>
/// <param name="PeerAddress">host:port for validators.</param>
/// <param name="ClientAddress">host:port of the gRPC client API.</param>
/// <param name="HttpAddress">host:port of HTTP: API, page, metrics.</param>
/// <param name="Possession">The proof that the owner of the consensus key knows its secret; empty where the scheme needs none.</param>
public sealed record GenesisValidator(
    string Name,
    ImmutableArray<byte> ConsensusKey,
    ImmutableArray<byte> IdentityKey,
    Digest TlsPin,
    string PeerAddress,
    string ClientAddress,
    string HttpAddress,
    ImmutableArray<byte> Possession = default);

/// <summary>What the organisations agreed on before the first block. Its digest is the chain's id.</summary>
/// <param name="Protocol">The protocol's registered name.</param>
/// <param name="Scheme">The certificate scheme's name.</param>
/// <param name="Hash">The hash function's name.</param>
/// <param name="Model">The fault model.</param>
/// <param name="Application">The application's name.</param>
/// <param name="AcceptUnsigned">Whether unsigned transactions are admitted: research runs only.</param>
/// <param name="Development">True for a testnet whose keys were made in one place without a ceremony.</param>
/// <param name="CreatedAt">Milliseconds since 1970-01-01 UTC; makes two otherwise equal chains different.</param>
/// <param name="Limits">The limits.</param>
/// <param name="Validators">The committee; validator i is replica i.</param>
public sealed record Genesis(
    string Protocol,
    string Scheme,
    string Hash,
    FaultModel Model,
    string Application,
    bool AcceptUnsigned,
    bool Development,
    ulong CreatedAt,
    ChainLimits Limits,
    ImmutableArray<GenesisValidator> Validators)
{
    /// <summary>The only format version there is.</summary>
    public const int FormatVersion = 1;

    /// <summary>The dealer's commitments to a shared key, the group key first; empty where nothing is shared.</summary>
    public ImmutableArray<ImmutableArray<byte>> Commitments { get; init; } = [];

    /// <summary>The identity keys in the order of the committee.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Identities => [.. Validators.Select(validator => (ReadOnlyMemory<byte>)validator.IdentityKey.ToArray())];

    /// <summary>The committee's arithmetic.</summary>
    public Committee Committee => new(Validators.Length, Model);

    /// <summary>
    /// The digest of everything but names and addresses, which may change without making another chain.
    /// </summary>
    public Digest ChainId
    {
        get
        {
            var writer = new CanonicalWriter(1024);
            Text(writer, "bft-genesis");
            writer.UInt16(FormatVersion);
            Text(writer, Protocol);
            Text(writer, Scheme);
            Text(writer, Hash);
            Text(writer, Model.ToString());
            Text(writer, Application);
            writer.Byte(AcceptUnsigned ? (byte)1 : (byte)0);
            writer.Byte(Development ? (byte)1 : (byte)0);
            writer.UInt64(CreatedAt);
            foreach (int limit in new[] { Limits.MaxPayloadBytes, Limits.MaxRunBytes, Limits.MaxRunTransactions, Limits.MaxCommandBytes, Limits.SessionIntervals, Limits.MaxProofHeaders })
            {
                writer.UInt32((uint)limit);
            }

            writer.UInt16((ushort)Validators.Length);
            foreach (GenesisValidator validator in Validators)
            {
                writer.Bytes(validator.ConsensusKey.AsSpan());
                writer.Bytes(validator.IdentityKey.AsSpan());
                writer.Digest(validator.TlsPin);
            }

            WriteProofs(writer);
            return HashFunction.Sha256.Hash(writer.Span);
        }
    }

    /// <summary>Everything that the committee's certificates are checked by; not checked itself.</summary>
    public CommitteeKeys CommitteeKeys => new([.. Validators.Select(validator => (ReadOnlyMemory<byte>)validator.ConsensusKey.ToArray())], Committee.QuorumSize)
    {
        Possessions = [.. Validators.Select(validator => (ReadOnlyMemory<byte>)(validator.Possession.IsDefault ? [] : validator.Possession.ToArray()))],
        Commitments = [.. Commitments.Select(commitment => (ReadOnlyMemory<byte>)commitment.ToArray())],
    };

    /// <summary>The certificate scheme over the committee's keys, each of which was checked with its proofs before it counts.</summary>
    /// <param name="cache">Where verified signatures are remembered, or null for nowhere.</param>
    /// <exception cref="GenesisException">The scheme is unknown, its certificates do not fit into a block, or a key or proof is refused: the message says whose and why.</exception>
    public ICertificateScheme CreateScheme(VerifiedCache? cache = null)
    {
        if (!CertificateSchemes.IsKnown(Scheme))
        {
            throw new GenesisException($"scheme: there is no certificate scheme \"{Scheme}\"; known: {string.Join(", ", CertificateSchemes.Names)}.");
        }

        ICertificateScheme scheme = CertificateSchemes.TryCreate(Scheme, CommitteeKeys, cache, out KeyRefusal? refusal) ?? throw Refused(refusal!);
        int largest = scheme.CertificateBytes(Validators.Length);
        return largest <= ChainLimits.MaxCertificateBytes
            ? scheme
            : throw new GenesisException($"scheme: {Validators.Length} validators make \"{Scheme}\" certificates of up to {largest} bytes, too many for a block: choose another scheme or a smaller committee.");
    }

    private static GenesisException Refused(KeyRefusal refusal) => refusal.Replica is { } validator
        ? new GenesisException($"validators: {validator}: {refusal.Reason}.")
        : new GenesisException($"validators: {refusal.Reason}.");

    // Only where there are any, so that the id of a chain without proofs is what it always was; what a scheme does not use is refused.
    private void WriteProofs(CanonicalWriter writer)
    {
        if (Commitments.IsEmpty && Validators.All(validator => validator.Possession.IsDefaultOrEmpty))
        {
            return;
        }

        foreach (GenesisValidator validator in Validators)
        {
            writer.Bytes(validator.Possession.IsDefault ? [] : validator.Possession.AsSpan());
        }

        writer.UInt16((ushort)Commitments.Length);
        foreach (ImmutableArray<byte> commitment in Commitments)
        {
            writer.Bytes(commitment.AsSpan());
        }
    }

    /// <summary>The chain this genesis starts.</summary>
    /// <exception cref="GenesisException">The hash function is unknown.</exception>
    public Chain ToChain() => new(
        ChainId,
        Protocol,
        Committee,
        HashFunction.Find(Hash) ?? throw new GenesisException($"hash: unknown hash function \"{Hash}\"; known: sha256."),
        Limits,
        AcceptUnsigned);

    private static void Text(CanonicalWriter writer, string text) => writer.Bytes(System.Text.Encoding.UTF8.GetBytes(text));
}

/// <summary>A genesis document that cannot be used; the message says which field, what is wrong and what to do.</summary>
public sealed class GenesisException(string message, Exception? inner = null) : Exception(message, inner);
