using System.Text;
using System.Text.Json.Nodes;
using Bft.Crypto.KeyStore;
using Bft.Crypto.Signatures;
using CsCheck;

namespace Bft.Crypto.Tests.KeyStore;

/// <summary>Whatever happened to the file: a typed error, before the expensive key derivation, and never a wrong key.</summary>
public sealed class KeyStoreDamageTests
{
    private const string Passphrase = "correct horse";

    private static readonly byte[] Sealed = Seal();

    [Fact]
    public void Every_flipped_bit_is_refused()
    {
        for (int bit = 0; bit < Sealed.Length * 8; bit++)
        {
            byte[] damaged = [.. Sealed];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            KeyStoreError? error = Error(damaged);
            Assert.True(error is KeyStoreError.Corrupted or KeyStoreError.UnknownVersion or KeyStoreError.UnsupportedParameters, $"bit {bit}: {error}");
        }
    }

    [Fact]
    public void Every_truncation_is_damage()
    {
        // Without the last line feed the document is still whole.
        for (int length = 0; length < Sealed.Length - 1; length++)
        {
            Assert.Equal(KeyStoreError.Corrupted, Error(Sealed[..length]));
        }
    }

    [Fact]
    public void A_clear_field_changed_by_somebody_who_mends_the_checksum_does_not_open()
    {
        KeyStoreDocument document = KeyStoreDocument.Parse(Sealed, "test");
        Assert.Null(Error(document.ToJson()));

        PublicKeyEntry key = document.Keys[0];
        byte[] otherKey = key.PublicKey.ToArray();
        otherKey[0] ^= 1;
        byte[] otherText = [.. document.Ciphertext];
        otherText[0] ^= 1;
        KeyStoreDocument[] forged =
        [
            document with { Keys = [key with { PublicKey = otherKey }] },
            document with { Keys = [key with { Purpose = "other" }] },
            document with { Keys = [key with { Scheme = "secp256k1" }] },
            document with { Cost = new KeyDerivationCost(1024, 2) },
            document with { Salt = new byte[KeyStoreDocument.SaltBytes] },
            document with { Nonce = new byte[KeyStoreDocument.NonceBytes] },
            document with { Ciphertext = otherText },
        ];
        Assert.All(forged, one => Assert.Equal(KeyStoreError.WrongPassphrase, Error(one.ToJson())));
    }

    [Theory]
    [InlineData(int.MaxValue, 1)]
    [InlineData(1024 * 1024 + 1, 1)]
    [InlineData(1024 * 1024, 5)]
    [InlineData(1024, int.MaxValue)]
    [InlineData(1024, 65)]
    [InlineData(1023, 1)]
    [InlineData(0, 1)]
    [InlineData(-1, 1)]
    [InlineData(1024, 0)]
    [InlineData(1024, -1)]
    public void Absurd_work_is_refused_before_it_is_done(int memoryKiB, int passes)
    {
        // The checksum is right: only the bounds stand between this file and hours of work. Parsing knows no passphrase, so what it
        // refuses cost nothing.
        byte[] json = (KeyStoreDocument.Parse(Sealed, "test") with { Cost = new KeyDerivationCost(memoryKiB, passes) }).ToJson();
        Assert.Equal(KeyStoreError.UnsupportedParameters, Assert.Throws<KeyStoreException>(() => KeyStoreDocument.Parse(json, "test")).Error);
    }

    [Fact]
    public void Every_missing_field_is_named()
    {
        string[] paths = ["version", "keys", "kdf", "cipher", "checksum", "kdf/name", "kdf/memoryKiB", "kdf/passes", "kdf/parallelism", "kdf/salt", "cipher/name", "cipher/nonce", "cipher/ciphertext"];
        Assert.All(paths, path =>
        {
            KeyStoreException error = Failure(Edited(root =>
            {
                string[] steps = path.Split('/');
                JsonObject parent = steps.Length == 1 ? root : root[steps[0]]!.AsObject();
                parent.Remove(steps[^1]);
            }))!;
            Assert.Equal(KeyStoreError.Corrupted, error.Error);
            Assert.Contains($"'{path.Split('/')[^1]}'", error.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Fields_of_the_wrong_form_or_length_are_damage()
    {
        Action<JsonObject>[] edits =
        [
            root => root["version"] = "1",
            root => root["version"] = 1.5,
            root => root["keys"] = new JsonArray(),
            root => root["keys"] = new JsonArray(Enumerable.Range(0, 17).Select(_ => (JsonNode)new JsonObject()).ToArray()),
            root => root["keys"] = new JsonObject(),
            root => root["keys"]![0] = 3,
            root => root["keys"]![0]!["publicKey"] = "",
            root => root["keys"]![0]!["publicKey"] = new string('0', 2050),
            root => root["keys"]![0]!["purpose"] = "Two Words",
            root => root["keys"]!.AsArray().Add(root["keys"]![0]!.DeepClone()),
            root => root["kdf"] = 7,
            root => root["kdf"]!["memoryKiB"] = 5_000_000_000,
            root => root["kdf"]!["salt"] = "00",
            root => root["kdf"]!["salt"] = null,
            root => root["kdf"]!["salt"] = root["kdf"]!["salt"]!.GetValue<string>().ToUpperInvariant() + "AA",
            root => root["cipher"]!["nonce"] = new string('g', 48),
            root => root["cipher"]!["ciphertext"] = new string('0', 32),
            root => root["checksum"] = new string('0', 64),
            root => root["extra"] = 1,
            root => root["kdf"]!["extra"] = 1,
        ];
        Assert.All(edits, edit => Assert.Equal(KeyStoreError.Corrupted, Failure(Edited(edit))?.Error));
    }

    [Fact]
    public void Another_version_kdf_or_cipher_is_not_called_damage()
    {
        Assert.Equal(KeyStoreError.UnknownVersion, Failure(Edited(root => root["version"] = 2))?.Error);
        Assert.Equal(KeyStoreError.UnsupportedParameters, Failure(Edited(root => root["kdf"]!["name"] = "scrypt"))?.Error);
        Assert.Equal(KeyStoreError.UnsupportedParameters, Failure(Edited(root => root["kdf"]!["parallelism"] = 4))?.Error);
        Assert.Equal(KeyStoreError.UnsupportedParameters, Failure(Edited(root => root["cipher"]!["name"] = "rot13"))?.Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not JSON")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"version\":1,\"version\":1}")]
    [InlineData("[[[[[[[[[[[[[[[[")]
    [InlineData("{\"version\":1,\"\\ud800\":1}")]
    [InlineData("{\"version\":1,\"keys\":[{\"purpose\":\"\\ud800\"}]}")]
    public void What_is_no_key_store_is_damage(string text)
    {
        Assert.Equal(KeyStoreError.Corrupted, Error(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void A_huge_file_is_refused_unread()
    {
        using var directory = new TemporaryDirectory();
        using (FileStream stream = File.Create(directory["keys.json"]))
        {
            stream.SetLength(10L * 1024 * 1024 * 1024);
        }

        Assert.Equal(KeyStoreError.Corrupted, Assert.Throws<KeyStoreException>(() => KeyStoreFile.Open(directory["keys.json"], Passphrase)).Error);
    }

    [Fact]
    public void Rubbish_never_throws_anything_else()
    {
        Gen.Byte.Array[0, 200].Sample(bytes => Assert.NotNull(Error(bytes)));
        Gen.Select(Gen.Int[0, Sealed.Length - 1], Gen.Int[0, 40], Gen.Byte.Array[0, 40]).Sample((at, cut, insert) =>
        {
            byte[] spliced = [.. Sealed[..at], .. insert, .. Sealed.AsSpan(Math.Min(at + cut, Sealed.Length))];
            _ = Error(spliced);
        });
    }

    private static byte[] Seal()
    {
        using SecretKey key = SecretKey.Generate("consensus", SignatureSchemes.Ed25519);
        return KeyStoreFile.Seal([key], Passphrase, KeyDerivationCost.Light);
    }

    private static byte[] Edited(Action<JsonObject> edit)
    {
        JsonObject root = JsonNode.Parse(Sealed)!.AsObject();
        edit(root);
        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    private static KeyStoreError? Error(byte[] json) => Failure(json)?.Error;

    private static KeyStoreException? Failure(byte[] json)
    {
        try
        {
            foreach (SecretKey key in KeyStoreFile.Unseal(json, Passphrase, "test"))
            {
                key.Dispose();
            }

            return null;
        }
        catch (KeyStoreException e)
        {
            return e;
        }
    }
}
