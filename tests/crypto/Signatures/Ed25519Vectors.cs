using System.Text.Json;

namespace Bft.Crypto.Tests.Signatures;

/// <summary>One published Ed25519 case. <see cref="Expected"/> is the source's own verdict, where it has one.</summary>
public sealed record Ed25519Case(string Id, byte[] PublicKey, byte[] Message, byte[] Signature, bool? Expected);

/// <summary>All Ed25519 cases under <c>vectors/</c>; the README there names their sources.</summary>
public static class Ed25519Vectors
{
    public static string FolderPath => Path.Combine(AppContext.BaseDirectory, "vectors");

    public static IReadOnlyList<Ed25519Case> SpecCheck { get; } = LoadSpecCheck();

    public static IReadOnlyList<Ed25519Case> Zip215 { get; } = LoadZip215();

    public static IReadOnlyList<Ed25519Case> Wycheproof { get; } = LoadWycheproof();

    public static IReadOnlyList<Ed25519Case> All { get; } = [.. SpecCheck, .. Zip215, .. Wycheproof];

    private static List<Ed25519Case> LoadSpecCheck()
    {
        using JsonDocument document = Open("ed25519/speccheck_cases.json");
        return [.. document.RootElement.EnumerateArray().Select(one => new Ed25519Case(
            $"speccheck/{one.GetProperty("case").GetInt32()}", Hex(one, "pub_key"), Hex(one, "message"), Hex(one, "signature"), null))];
    }

    private static List<Ed25519Case> LoadZip215()
    {
        using JsonDocument document = Open("ed25519/zip215.json");
        return [.. document.RootElement.EnumerateArray().Select((one, index) => new Ed25519Case(
            $"zip215/{index}", Hex(one, "vk_bytes"), "Zcash"u8.ToArray(), Hex(one, "sig_bytes"), one.GetProperty("valid_legacy").GetBoolean()))];
    }

    private static List<Ed25519Case> LoadWycheproof()
    {
        using JsonDocument document = Open("wycheproof/ed25519_test.json");
        return [.. document.RootElement.GetProperty("testGroups").EnumerateArray().SelectMany(group =>
            group.GetProperty("tests").EnumerateArray().Select(one => new Ed25519Case(
                $"wycheproof/{one.GetProperty("tcId").GetInt32()}",
                Hex(group.GetProperty("publicKey"), "pk"),
                Hex(one, "msg"),
                Hex(one, "sig"),
                one.GetProperty("result").GetString() == "valid")))];
    }

    private static JsonDocument Open(string file) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(FolderPath, file)));

    private static byte[] Hex(JsonElement element, string name) => Convert.FromHexString(element.GetProperty(name).GetString()!);
}
