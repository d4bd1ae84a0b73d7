using System.Collections.Immutable;
using Bft.Crypto;
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
public sealed record GenesisValidator(
    string Name,
    ImmutableArray<byte> ConsensusKey,
    ImmutableArray<byte> IdentityKey,
    Digest TlsPin,
    string PeerAddress,
    string ClientAddress,
    string HttpAddress);

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

            return HashFunction.Sha256.Hash(writer.Span);
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
