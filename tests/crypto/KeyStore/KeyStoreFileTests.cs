using System.Collections.Immutable;
using Bft.Crypto.KeyStore;
using Bft.Crypto.Signatures;

namespace Bft.Crypto.Tests.KeyStore;

public sealed class KeyStoreFileTests : IDisposable
{
    private const string Passphrase = "Zwölf Boxkämpfer";

    private readonly TemporaryDirectory _directory = new();
    private readonly SecretKey _consensus = SecretKey.Generate("consensus", SignatureSchemes.Ed25519);
    private readonly SecretKey _client = SecretKey.Generate("client", SignatureSchemes.Secp256k1);

    private string FilePath => _directory["keys.json"];

    public void Dispose()
    {
        _consensus.Dispose();
        _client.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Keys_come_back_as_they_were_written()
    {
        Write();
        ImmutableArray<SecretKey> keys = KeyStoreFile.Open(FilePath, Passphrase);

        Assert.Equal(["consensus", "client"], keys.Select(key => key.Purpose));
        Assert.Equal(["ed25519", "secp256k1"], keys.Select(key => key.Scheme));
        Assert.Equal(_consensus.Seed.ToArray(), keys[0].Seed.ToArray());
        Assert.Equal(_client.Seed.ToArray(), keys[1].Seed.ToArray());
        foreach (SecretKey key in keys)
        {
            using ISigner signer = key.CreateSigner();
            Assert.Equal(key.PublicKey.ToArray(), signer.PublicKey.ToArray());
            key.Dispose();
        }
    }

    [Fact]
    public void The_default_cost_is_written_down_and_works()
    {
        Assert.Equal((65536, 3), (KeyDerivationCost.Default.MemoryKiB, KeyDerivationCost.Default.Passes));
        byte[] json = KeyStoreFile.Seal([_consensus], Passphrase, KeyDerivationCost.Default);
        Assert.Contains("\"memoryKiB\": 65536", System.Text.Encoding.UTF8.GetString(json), StringComparison.Ordinal);
        using SecretKey key = KeyStoreFile.Unseal(json, Passphrase, "memory")[0];
        Assert.Equal(_consensus.Seed.ToArray(), key.Seed.ToArray());
    }

    [Fact]
    public void Public_keys_are_read_without_the_passphrase_and_no_seed_lies_in_clear()
    {
        Write();
        ImmutableArray<PublicKeyEntry> entries = KeyStoreFile.ReadPublicKeys(FilePath);

        Assert.Equal(["consensus", "client"], entries.Select(entry => entry.Purpose));
        Assert.Equal(_client.PublicKey.ToArray(), entries[1].PublicKey.ToArray());
        string text = File.ReadAllText(FilePath);
        Assert.DoesNotContain(Convert.ToHexStringLower(_consensus.Seed), text, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexStringLower(_client.Seed), text, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_files_of_the_same_keys_share_neither_salt_nor_ciphertext()
    {
        byte[] first = KeyStoreFile.Seal([_consensus], Passphrase, KeyDerivationCost.Light);
        byte[] second = KeyStoreFile.Seal([_consensus], Passphrase, KeyDerivationCost.Light);
        Assert.NotEqual(KeyStoreDocument.Parse(first, "first").Salt, KeyStoreDocument.Parse(second, "second").Salt);
        Assert.NotEqual(KeyStoreDocument.Parse(first, "first").Nonce, KeyStoreDocument.Parse(second, "second").Nonce);
        Assert.NotEqual(KeyStoreDocument.Parse(first, "first").Ciphertext, KeyStoreDocument.Parse(second, "second").Ciphertext);
    }

    [Theory]
    [InlineData("")]
    [InlineData("zwölf boxkämpfer")]
    [InlineData("Zwölf Boxkämpfer\n")]
    [InlineData("\ud800")]
    public void A_wrong_passphrase_is_told_from_damage(string wrong)
    {
        Write();
        KeyStoreException error = Assert.Throws<KeyStoreException>(() => KeyStoreFile.Open(FilePath, wrong));
        Assert.Equal(KeyStoreError.WrongPassphrase, error.Error);
        Assert.Contains(FilePath, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_passphrase_protects_nothing_and_is_refused()
    {
        Assert.Throws<ArgumentException>(() => KeyStoreFile.Seal([_consensus], "", KeyDerivationCost.Light));
    }

    [Fact]
    public void No_two_keys_share_a_purpose_and_no_store_is_empty()
    {
        Assert.Throws<ArgumentException>(() => KeyStoreFile.Seal([], Passphrase, KeyDerivationCost.Light));
        Assert.Throws<ArgumentException>(() => KeyStoreFile.Seal([_consensus, _consensus], Passphrase, KeyDerivationCost.Light));
        Assert.Throws<ArgumentException>(() => KeyStoreFile.Seal([_consensus], Passphrase, new KeyDerivationCost(8, 1)));
    }

    [Fact]
    public void An_existing_file_is_replaced_only_when_asked()
    {
        Write();
        byte[] before = File.ReadAllBytes(FilePath);
        KeyStoreException error = Assert.Throws<KeyStoreException>(Write);
        Assert.Equal(KeyStoreError.AlreadyExists, error.Error);
        Assert.Equal(before, File.ReadAllBytes(FilePath));

        KeyStoreFile.Write(FilePath, [_client], "another", KeyDerivationCost.Light, overwrite: true);
        Assert.Equal("client", KeyStoreFile.Open(FilePath, "another").Single().Purpose);
        Assert.Equal([FilePath], Directory.GetFiles(_directory.FullPath));
    }

    [Fact]
    public void A_file_that_is_not_there_or_cannot_be_read_or_written_says_so()
    {
        Assert.Equal(KeyStoreError.NotFound, Assert.Throws<KeyStoreException>(() => KeyStoreFile.Open(FilePath, Passphrase)).Error);
        Assert.Equal(KeyStoreError.NotFound, Assert.Throws<KeyStoreException>(() => KeyStoreFile.Open(_directory["no/keys.json"], Passphrase)).Error);
        Assert.Equal(KeyStoreError.Unreadable, Assert.Throws<KeyStoreException>(() => KeyStoreFile.Open(_directory.FullPath, Passphrase)).Error);

        Assert.Equal(KeyStoreError.Unwritable, Assert.Throws<KeyStoreException>(() => WriteTo(_directory["no/keys.json"])).Error);
        File.WriteAllText(_directory["file"], "");
        Assert.Equal(KeyStoreError.Unwritable, Assert.Throws<KeyStoreException>(() => WriteTo(_directory["file/keys.json"])).Error);
        Directory.CreateDirectory(FilePath);
        Assert.Equal(KeyStoreError.Unwritable, Assert.Throws<KeyStoreException>(() => KeyStoreFile.Write(FilePath, [_consensus], Passphrase, KeyDerivationCost.Light, overwrite: true)).Error);
        Assert.Equal([_directory["file"]], Directory.GetFiles(_directory.FullPath));
    }

    [Fact]
    public void Only_the_owner_may_read_the_file()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Write();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
    }

    [Fact]
    public void An_erased_key_is_gone()
    {
        SecretKey key = SecretKey.Generate("x", SignatureSchemes.Ed25519);
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.Seed.Length);
        Assert.Throws<ObjectDisposedException>(key.CreateSigner);
    }

    [Fact]
    public void A_secret_that_does_not_make_its_public_key_makes_no_signer()
    {
        using var key = new SecretKey("x", "ed25519", _client.PublicKey.Span, _consensus.Seed);
        Assert.Throws<InvalidOperationException>(key.CreateSigner);
        using var foreign = new SecretKey("x", "p256", _client.PublicKey.Span, _consensus.Seed);
        Assert.Throws<InvalidOperationException>(foreign.CreateSigner);
    }

    private void Write() => WriteTo(FilePath);

    private void WriteTo(string path) => KeyStoreFile.Write(path, [_consensus, _client], Passphrase, KeyDerivationCost.Light);
}
