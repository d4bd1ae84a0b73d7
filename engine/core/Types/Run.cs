using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine.Encoding;

namespace Bft.Engine;

/// <summary>
/// Consecutive transactions of one client under one signature: the client's message, carried byte for byte into mempool,
/// block, journal and ledger. Order, de-duplication and replies are counted in runs, so their cost a transaction falls with
/// the length of the run. Slices over the buffer it was decoded from.
/// </summary>
/// <remarks>
/// Layout: scheme code (1), public key (scheme's length; 32 bytes when unsigned), first sequence (8), count (2), then count ×
/// (length (4), command), signature (scheme's length; none when unsigned). The signature covers chain id, kind and all before it.
/// </remarks>
public sealed class Run
{
    /// <summary>The scheme code of an unsigned run.</summary>
    public const byte Unsigned = 0;

    private const int UnsignedKeyBytes = 32;

    private readonly int _contentBytes;
    private readonly ReadOnlyMemory<byte>[] _commands;

    private Run(ReadOnlyMemory<byte> encoded, int contentBytes, byte scheme, ReadOnlyMemory<byte> key, ulong first, ReadOnlyMemory<byte>[] commands, Digest client, Digest digest)
    {
        Encoded = encoded;
        _contentBytes = contentBytes;
        Scheme = scheme;
        PublicKey = key;
        First = first;
        _commands = commands;
        Client = client;
        Digest = digest;
    }

    /// <summary>The canonical bytes, signature included.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>The signature scheme's code; <see cref="Unsigned"/> for none.</summary>
    public byte Scheme { get; }

    /// <summary>The client's public key.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>The client's identity: the digest of scheme and key.</summary>
    public Digest Client { get; }

    /// <summary>The digest of all bytes: what caches and mempool are keyed by.</summary>
    public Digest Digest { get; }

    /// <summary>The sequence of the first transaction; at least 1.</summary>
    public ulong First { get; }

    /// <summary>The sequence of the last transaction.</summary>
    public ulong Last => First + (ulong)_commands.Length - 1;

    /// <summary>The number of transactions, at least 1.</summary>
    public int Count => _commands.Length;

    /// <summary>The commands, opaque to the engine.</summary>
    public ReadOnlySpan<ReadOnlyMemory<byte>> Commands => _commands;

    /// <summary>What the client signed, without the prefix of chain id and kind.</summary>
    public ReadOnlySpan<byte> SignedContent => Encoded.Span[.._contentBytes];

    /// <summary>The client's signature; empty when unsigned.</summary>
    public ReadOnlySpan<byte> Signature => Encoded.Span[_contentBytes..];

    /// <summary>The identity of a client on a chain.</summary>
    public static Digest ClientId(Chain chain, byte scheme, ReadOnlySpan<byte> publicKey)
    {
        Span<byte> content = stackalloc byte[1 + publicKey.Length];
        content[0] = scheme;
        publicKey.CopyTo(content[1..]);
        return chain.DigestOf(Preimage.Client, content);
    }

    /// <summary>Makes and signs a run.</summary>
    /// <param name="chain">The chain it is for.</param>
    /// <param name="signer">The client's key.</param>
    /// <param name="first">The first sequence, at least 1.</param>
    /// <param name="commands">The commands in order.</param>
    public static Run Sign(Chain chain, ISigner signer, ulong first, IReadOnlyList<ReadOnlyMemory<byte>> commands)
    {
        CanonicalWriter writer = WriteContent(signer.Scheme.Code, signer.PublicKey.Span, first, commands);
        byte[] message = chain.SignedContent(Preimage.Run, writer.Span);
        signer.Sign(message, writer.Reserve(signer.Scheme.SignatureBytes));
        return Parse(chain, writer.ToArray());
    }

    /// <summary>Makes an unsigned run under a 32-byte name that anyone may use: for research chains that admit it.</summary>
    public static Run WithoutSignature(Chain chain, ReadOnlySpan<byte> name, ulong first, IReadOnlyList<ReadOnlyMemory<byte>> commands) =>
        Parse(chain, WriteContent(Unsigned, name, first, commands).ToArray());

    /// <summary>Decodes one run from exactly these bytes within the chain's limits; false when malformed. The signature is not checked here.</summary>
    public static bool TryDecode(Chain chain, ReadOnlyMemory<byte> bytes, out Run? run)
    {
        run = null;
        if (bytes.Length > chain.Limits.MaxRunBytes)
        {
            return false;
        }

        var reader = new CanonicalReader(bytes);
        byte scheme = reader.Byte();
        ISignatureScheme? signatures = null;
        if (scheme != Unsigned && (signatures = SignatureSchemes.Find(scheme)) is null)
        {
            return false;
        }

        ReadOnlyMemory<byte> key = reader.Raw(signatures?.PublicKeyBytes ?? UnsignedKeyBytes);
        ulong first = reader.UInt64();
        int count = reader.UInt16();
        if (reader.Failed || count == 0 || count > chain.Limits.MaxRunTransactions || first == 0 || first > ulong.MaxValue - (ulong)count)
        {
            return false;
        }

        var commands = new ReadOnlyMemory<byte>[count];
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            commands[i] = reader.Bytes(chain.Limits.MaxCommandBytes);
        }

        int contentBytes = reader.Position;
        reader.Raw(signatures?.SignatureBytes ?? 0);
        if (!reader.Complete)
        {
            return false;
        }

        run = new Run(bytes, contentBytes, scheme, key, first, commands, ClientId(chain, scheme, key.Span), chain.DigestOf(Preimage.Run, bytes.Span));
        return true;
    }

    private static CanonicalWriter WriteContent(byte scheme, ReadOnlySpan<byte> key, ulong first, IReadOnlyList<ReadOnlyMemory<byte>> commands)
    {
        var writer = new CanonicalWriter(512);
        writer.Byte(scheme);
        writer.Raw(key);
        writer.UInt64(first);
        writer.UInt16(checked((ushort)commands.Count));
        foreach (ReadOnlyMemory<byte> command in commands)
        {
            writer.Bytes(command.Span);
        }

        return writer;
    }

    private static Run Parse(Chain chain, byte[] encoded) => TryDecode(chain, encoded, out Run? run)
        ? run!
        : throw new ArgumentException("The run breaks the chain's limits: see ChainLimits for sizes and counts.", nameof(encoded));
}
