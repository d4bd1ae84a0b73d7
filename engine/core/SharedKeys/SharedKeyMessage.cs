using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine.Encoding;

namespace Bft.Engine.SharedKeys;

/// <summary>What is said in the generation of a shared key, in the order it is said.</summary>
public enum SharedKeyMessageKind : byte
{
    /// <summary>A validator calls for a generation; it starts when f+1 called for the same.</summary>
    Call = 1,

    /// <summary>A receiver's key that shares are sealed to.</summary>
    Announce = 2,

    /// <summary>A dealer's commitments and sealed shares.</summary>
    Deal = 3,

    /// <summary>The dealers whose shares do not fit, as a receiver sees it; may be none.</summary>
    Verdict = 4,

    /// <summary>A dealer's answer: the shares of those who accused it, in clear.</summary>
    Answer = 5,

    /// <summary>A qualified dealer's commitments to the sharing polynomial alone.</summary>
    Extract = 6,

    /// <summary>Shares that prove extracted commitments false; may be none.</summary>
    Objection = 7,

    /// <summary>The shares of dealers whose commitments must be rebuilt.</summary>
    Reveal = 8,

    /// <summary>Says nothing: its block is a height, and deadlines are heights.</summary>
    Tick = 9,
}

/// <summary>A validator's word in the generation of a shared key: a command of the ordered log, authenticated by its identity key whoever submits it.</summary>
/// <remarks>
/// Layout: magic (4), kind (1), generation (32; for a call the one that ended last, none when none did), sender's place in the committee of its role (2), content (length (4), bytes), Ed25519 signature (64) over chain id,
/// <see cref="Preimage.SharedKeyMessage"/> and all before it.
/// </remarks>
/// <param name="Kind">What is said.</param>
/// <param name="Generation">In which generation.</param>
/// <param name="Sender">From 0 on.</param>
/// <param name="Content">What exactly; its form depends on the kind.</param>
public sealed record SharedKeyMessage(SharedKeyMessageKind Kind, Digest Generation, int Sender, ReadOnlyMemory<byte> Content)
{
    private const int HeadBytes = 4 + 1 + Digest.Size + sizeof(ushort) + sizeof(uint);

    private ReadOnlyMemory<byte> _signed;
    private ReadOnlyMemory<byte> _signature;

    /// <summary>What such a command begins with; no application command may, on a chain whose validators generate keys.</summary>
    public static ReadOnlySpan<byte> Magic => [0xE1, (byte)'d', (byte)'k', (byte)'g'];

    /// <summary>Whether a command is of this kind and not the application's.</summary>
    public static bool IsOne(ReadOnlySpan<byte> command) => command.StartsWith(Magic);

    /// <summary>Writes and signs a command.</summary>
    public static byte[] Sign(Chain chain, ISigner identity, SharedKeyMessageKind kind, Digest generation, int sender, ReadOnlySpan<byte> content)
    {
        var writer = new CanonicalWriter(HeadBytes + content.Length + Ed25519Scheme.SignatureSize);
        writer.Raw(Magic);
        writer.Byte((byte)kind);
        writer.Digest(generation);
        writer.UInt16(checked((ushort)sender));
        writer.Bytes(content);
        byte[] message = chain.SignedContent(Preimage.SharedKeyMessage, writer.Span);
        identity.Sign(message, writer.Reserve(Ed25519Scheme.SignatureSize));
        return writer.ToArray();
    }

    /// <summary>Reads exactly these bytes; null when malformed. The signature is not checked here.</summary>
    public static SharedKeyMessage? Decode(ReadOnlyMemory<byte> command, out string? reason)
    {
        var reader = new CanonicalReader(command);
        ReadOnlyMemory<byte> magic = reader.Raw(Magic.Length);
        byte kind = reader.Byte();
        Digest generation = reader.Digest();
        int sender = reader.UInt16();
        ReadOnlyMemory<byte> content = reader.Bytes(command.Length);
        int signed = reader.Position;
        ReadOnlyMemory<byte> signature = reader.Raw(Ed25519Scheme.SignatureSize);
        reason = !reader.Complete || !IsOne(magic.Span) ? "the command of a key generation has another length than its fields say"
            : kind is < (byte)SharedKeyMessageKind.Call or > (byte)SharedKeyMessageKind.Tick ? $"a key generation knows no message of kind {kind}"
            : null;
        return reason is null
            ? new SharedKeyMessage((SharedKeyMessageKind)kind, generation, sender, content) { _signed = command[..signed], _signature = signature }
            : null;
    }

    /// <summary>Whether the owner of an identity key said this on this chain.</summary>
    public bool IsBy(Chain chain, ReadOnlyMemory<byte> identity) =>
        Ed25519Scheme.Instance.Verify(identity.Span, chain.SignedContent(Preimage.SharedKeyMessage, _signed.Span), _signature.Span);
}
