using Bft.Crypto.KeyStore;

namespace Bft.Crypto.Tests.KeyStore;

public sealed class SignedMarkTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_new_key_has_no_mark_and_one_that_signed_has()
    {
        Assert.False(SignedMark.Exists(_directory.FullPath));
        SignedMark.Set(_directory.FullPath);
        Assert.True(SignedMark.Exists(_directory.FullPath));
        Assert.Equal([_directory[SignedMark.FileName]], Directory.GetFiles(_directory.FullPath));
    }

    [Fact]
    public void Setting_it_again_does_no_harm()
    {
        SignedMark.Set(_directory.FullPath);
        byte[] before = File.ReadAllBytes(_directory[SignedMark.FileName]);
        SignedMark.Set(_directory.FullPath);
        Assert.Equal(before, File.ReadAllBytes(_directory[SignedMark.FileName]));
    }

    [Fact]
    public void An_empty_file_or_anything_else_of_that_name_counts()
    {
        File.WriteAllBytes(_directory[SignedMark.FileName], []);
        Assert.True(SignedMark.Exists(_directory.FullPath));
        File.Delete(_directory[SignedMark.FileName]);
        Directory.CreateDirectory(_directory[SignedMark.FileName]);
        Assert.True(SignedMark.Exists(_directory.FullPath));
    }

    [Fact]
    public void Where_there_is_no_directory_there_is_no_mark_and_none_can_be_set()
    {
        Assert.False(SignedMark.Exists(_directory["no"]));
        Assert.Equal(KeyStoreError.Unwritable, Assert.Throws<KeyStoreException>(() => SignedMark.Set(_directory["no"])).Error);
    }

    [Fact]
    public void A_directory_that_cannot_be_looked_into_is_not_taken_for_no()
    {
        // Too long a name stands for every reason that is not "not there": it needs no permissions, which root does not have.
        string tooLong = _directory[new string('x', 300)];
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Assert.Equal(KeyStoreError.Unreadable, Assert.Throws<KeyStoreException>(() => SignedMark.Exists(tooLong)).Error);
    }
}
