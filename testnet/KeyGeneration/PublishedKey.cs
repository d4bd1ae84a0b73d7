using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Bft.Crypto;
using Bft.Crypto.Threshold;
using Bft.Engine;
using Bft.Engine.SharedKeys;
using Bft.Testnet.Homes;

namespace Bft.Testnet.KeyGeneration;

/// <summary>A member of a shared key: receiver i has the share at index i + 1.</summary>
/// <param name="IdentityKey">Its Ed25519 identity key, 32 bytes.</param>
/// <param name="HoldsShare">Whether it announced a key in time, so that a share was sealed to it.</param>
internal sealed record PublishedMember(ImmutableArray<byte> IdentityKey, bool HoldsShare);

/// <summary>
/// What is public of the last shared key, as each validator writes it into <c>shared-key.public.json</c> beside its share when it has executed the end of the generation: it is the word of that
/// home's own state. Group key and the keys of shares follow from the commitments.
/// </summary>
/// <param name="ChainId">The chain on whose log the key was made.</param>
/// <param name="Generation">The generation.</param>
/// <param name="EffectHeight">The height from which it is the consortium's.</param>
/// <param name="Members">Among whom it is shared, in the order of the shares.</param>
/// <param name="Commitments">Points of 96 bytes, the group key first; as many as shares sign together.</param>
internal sealed record PublishedKey(Digest ChainId, Digest Generation, ulong EffectHeight, ImmutableArray<PublishedMember> Members, ImmutableArray<ImmutableArray<byte>> Commitments)
{
    /// <summary>The only format version there is.</summary>
    public const int FormatVersion = 1;

    /// <summary>The name of the file.</summary>
    public const string FileName = "shared-key.public.json";

    /// <summary>The most bytes of a document that is read.</summary>
    public const int MostBytes = 1 << 20;

    private const int IdentityBytes = 32;

    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>How many shares sign together.</summary>
    public int Threshold => Commitments.Length;

    /// <summary>The public part of a finished generation.</summary>
    /// <exception cref="InvalidOperationException">The generation failed.</exception>
    public static PublishedKey Of(Chain chain, SharedKeyOutcome outcome) => new(
        chain.Id,
        outcome.Generation,
        outcome.EffectHeight.Value,
        [.. outcome.Receivers.Select((receiver, place) => new PublishedMember([.. receiver.Span], outcome.Holders.Contains(new ReplicaId(place))))],
        [.. (outcome.Commitments ?? throw new InvalidOperationException($"Generation {outcome.Generation.ToShortString()} made no key.")).Encode().Select(point => point.ToArray().ToImmutableArray())]);

    /// <summary>The commitments as points, each checked.</summary>
    /// <param name="file">Where they came from, for the error.</param>
    /// <exception cref="HomeException">A point is refused.</exception>
    public Commitments ReadCommitments(string file) =>
        Crypto.Threshold.Commitments.TryRead([.. Commitments.Select(point => (ReadOnlyMemory<byte>)point.ToArray())], Commitments.Length, out string? reason)
        ?? throw new HomeException(reason!, $"{file}, field commitments", "copy the file anew from a validator's home");

    /// <summary>The document.</summary>
    public byte[] Write()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            json.WriteStartObject();
            json.WriteNumber("format", FormatVersion);
            json.WriteString("chainId", ChainId.ToString());
            json.WriteString("generation", Generation.ToString());
            json.WriteNumber("effectHeight", EffectHeight);
            json.WriteNumber("threshold", Threshold);
            json.WriteString("groupKey", Convert.ToHexStringLower(Commitments[0].AsSpan()));
            json.WriteStartArray("members");
            foreach (PublishedMember member in Members)
            {
                json.WriteStartObject();
                json.WriteString("identityKey", Convert.ToHexStringLower(member.IdentityKey.AsSpan()));
                json.WriteBoolean("holdsShare", member.HoldsShare);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("commitments");
            foreach (ImmutableArray<byte> point in Commitments)
            {
                json.WriteStringValue(Convert.ToHexStringLower(point.AsSpan()));
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    /// <summary>Reads and checks a document.</summary>
    /// <exception cref="HomeException">It is missing, malformed, or its parts contradict each other.</exception>
    public static PublishedKey Read(string file)
    {
        byte[] content = HomeFile.Read(file, MostBytes, "take shared-key.public.json from the key store's directory of a validator that executed the end of the generation");
        try
        {
            using JsonDocument json = JsonDocument.Parse(content, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            return Parse(new StrictObject(json.RootElement, file), file);
        }
        catch (JsonException exception)
        {
            throw new HomeException($"this is not valid JSON: {exception.Message}", file, "copy the file anew from a validator's home", exception);
        }
    }

    private static PublishedKey Parse(StrictObject fields, string file)
    {
        const string todo = "copy the file anew from a validator's home";
        int format = fields.Number("format", 1, int.MaxValue);
        if (format != FormatVersion)
        {
            throw fields.Wrong("format", $"version {format} is unknown, this build reads {FormatVersion}", "use the build that wrote it");
        }

        Digest chain = Id(fields, "chainId"), generation = Id(fields, "generation");
        ulong effect = fields.LongNumber("effectHeight");
        int threshold = fields.Number("threshold", 1, ReplicaSet.Capacity);
        string groupKey = fields.Text("groupKey");
        ImmutableArray<PublishedMember> members = [.. fields.Objects("members", ReplicaSet.Capacity).Select(Member)];
        ImmutableArray<ImmutableArray<byte>> commitments = [.. fields.Texts("commitments", ReplicaSet.Capacity).Select(text => Hex(fields, "commitments", text))];
        fields.RefuseUnknown();
        if (members.Select(member => Convert.ToHexString(member.IdentityKey.AsSpan())).Distinct(StringComparer.Ordinal).Count() != members.Length)
        {
            throw fields.Wrong("members", "a member is named twice", todo);
        }

        if (commitments.Length != threshold || threshold > members.Length)
        {
            throw fields.Wrong("threshold", $"{threshold} of {members.Length} shares cannot be those of {commitments.Length} commitments", todo);
        }

        if (groupKey != Convert.ToHexStringLower(commitments[0].AsSpan()))
        {
            throw fields.Wrong("groupKey", "it is not the first of the commitments", todo);
        }

        var key = new PublishedKey(chain, generation, effect, members, commitments);
        _ = key.ReadCommitments(file);
        return key;
    }

    private static PublishedMember Member(StrictObject member)
    {
        ImmutableArray<byte> identity = Hex(member, "identityKey", member.Text("identityKey"));
        bool holds = member.Flag("holdsShare");
        member.RefuseUnknown();
        return identity.Length == IdentityBytes ? new PublishedMember(identity, holds) : throw member.Wrong("identityKey", $"{2 * IdentityBytes} hexadecimal digits are needed", "copy the file anew from a validator's home");
    }

    private static Digest Id(StrictObject fields, string name) =>
        Digest.TryParse(fields.Text(name), out Digest id) ? id : throw fields.Wrong(name, "64 hexadecimal digits are needed", "copy the file anew from a validator's home");

    private static ImmutableArray<byte> Hex(StrictObject fields, string name, string text) =>
        text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) ? [.. Convert.FromHexString(text)] : throw fields.Wrong(name, "hexadecimal digits are needed", "copy the file anew from a validator's home");
}
