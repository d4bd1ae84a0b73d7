using System.Text;
using Bft.Crypto;

namespace Bft.Engine;

/// <summary>
/// The identity of one chain and what its replicas agreed on in genesis. It starts every preimage, so that nothing signed
/// for one chain, protocol or purpose is valid for another.
/// </summary>
public sealed class Chain
{
    /// <summary>The longest protocol name in bytes (ASCII); shorter ones are padded with zeros in signed bytes.</summary>
    public const int ProtocolNameBytes = 16;

    private readonly byte[] _protocol;
    private readonly byte[][] _prefixes = new byte[256][];

    /// <summary>Describes a chain.</summary>
    /// <param name="id">The digest of genesis.</param>
    /// <param name="protocol">The protocol's registered name, at most <see cref="ProtocolNameBytes"/> ASCII characters.</param>
    /// <param name="committee">The replicas.</param>
    /// <param name="hash">The hash function.</param>
    /// <param name="limits">Limits; null for the defaults.</param>
    /// <param name="acceptUnsigned">Whether unsigned transactions are admitted (research runs only).</param>
    /// <exception cref="ArgumentException">The protocol name is empty, too long or not ASCII.</exception>
    public Chain(Digest id, string protocol, Committee committee, HashFunction hash, ChainLimits? limits = null, bool acceptUnsigned = false)
    {
        if (protocol.Length is 0 or > ProtocolNameBytes || !Ascii.IsValid(protocol))
        {
            throw new ArgumentException($"A protocol name has 1 to {ProtocolNameBytes} ASCII characters, got \"{protocol}\".", nameof(protocol));
        }

        Id = id;
        Protocol = protocol;
        Committee = committee;
        Hash = hash;
        Limits = limits ?? new ChainLimits();
        AcceptUnsigned = acceptUnsigned;
        _protocol = new byte[ProtocolNameBytes];
        System.Text.Encoding.ASCII.GetBytes(protocol, _protocol);
        for (int kind = 0; kind < _prefixes.Length; kind++)
        {
            var prefix = new byte[Digest.Size + 1];
            id.CopyTo(prefix);
            prefix[Digest.Size] = (byte)kind;
            _prefixes[kind] = prefix;
        }

        EmptyPayload = Payload.Of(this, []);
        GenesisBlock = new Block(this, new BlockHeader(committee.Epoch, default, default, Digest.None, Payload.Empty(this).Root, default, default, 0), Payload.Empty(this), null);
        GenesisCertificate = new QuorumCertificate(
            new Statement(StatementKind.Vote, committee.Epoch, default, default, GenesisBlock.Digest), ReplicaSet.Empty, ReadOnlyMemory<byte>.Empty);
    }

    /// <summary>The digest of genesis.</summary>
    public Digest Id { get; }

    /// <summary>The protocol's registered name.</summary>
    public string Protocol { get; }

    /// <summary>The replicas.</summary>
    public Committee Committee { get; }

    /// <summary>The hash function of every digest.</summary>
    public HashFunction Hash { get; }

    /// <summary>The limits of genesis.</summary>
    public ChainLimits Limits { get; }

    /// <summary>Whether unsigned transactions are admitted.</summary>
    public bool AcceptUnsigned { get; }

    /// <summary>The payload without runs.</summary>
    internal Payload EmptyPayload { get; }

    /// <summary>The block at height 0: empty, of view 0, without a parent.</summary>
    public Block GenesisBlock { get; }

    /// <summary>
    /// The one certificate that needs no signatures: the genesis block's, a named value that is accepted by identity of
    /// content and at view 0 only.
    /// </summary>
    public QuorumCertificate GenesisCertificate { get; }

    /// <summary>Chain id and kind: the first 33 bytes of every preimage.</summary>
    public ReadOnlySpan<byte> Prefix(Preimage kind) => _prefixes[(byte)kind];

    /// <summary>The digest of <paramref name="content"/> as a preimage of that kind.</summary>
    public Digest DigestOf(Preimage kind, ReadOnlySpan<byte> content) => Hash.Hash(_prefixes[(byte)kind], content);

    /// <summary>The bytes that are signed for a statement, <see cref="Statement.SignedBytes"/> long.</summary>
    public void WriteSigned(in Statement statement, Span<byte> destination)
    {
        _prefixes[(byte)statement.Kind].CopyTo(destination);
        _protocol.CopyTo(destination[(Digest.Size + 1)..]);
        statement.WriteContent(destination[(Digest.Size + 1 + ProtocolNameBytes)..]);
    }

    /// <summary>The next link of the ledger's hash chain.</summary>
    public Digest Link(Digest previous, Digest block)
    {
        Span<byte> content = stackalloc byte[2 * Digest.Size];
        previous.CopyTo(content);
        block.CopyTo(content[Digest.Size..]);
        return DigestOf(Preimage.ChainLink, content);
    }

    /// <summary>Signed or hashed content behind its prefix, in one array: for schemes that sign a whole message.</summary>
    public byte[] SignedContent(Preimage kind, ReadOnlySpan<byte> content)
    {
        byte[] prefix = _prefixes[(byte)kind];
        var bytes = new byte[prefix.Length + content.Length];
        prefix.CopyTo(bytes, 0);
        content.CopyTo(bytes.AsSpan(prefix.Length));
        return bytes;
    }
}
