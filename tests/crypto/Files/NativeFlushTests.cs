using Bft.Crypto.Files;

namespace Bft.Crypto.Tests.Files;

public sealed class NativeFlushTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("bft-flush-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Files_and_directories_of_a_disk_are_flushed()
    {
        using (FileStream file = File.Create(Path.Combine(_directory.FullName, "file")))
        {
            file.Write("content"u8);
            NativeFlush.File(file);
            Assert.Equal(7, new FileInfo(file.Name).Length);
        }

        NativeFlush.Directory(_directory.FullName);
    }

    [Fact]
    public void What_cannot_be_flushed_is_an_error_where_the_framework_says_nothing()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // fsync of a device without a medium is EINVAL.
        using var device = new FileStream("/dev/null", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        device.Flush(flushToDisk: true);
        IOException failed = Assert.Throws<IOException>(() => NativeFlush.File(device));
        Assert.Contains("fsync of /dev/null failed", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_that_is_not_there_is_an_error()
    {
        if (!OperatingSystem.IsWindows())
        {
            Assert.Throws<IOException>(() => NativeFlush.Directory(Path.Combine(_directory.FullName, "missing")));
        }
    }

    [Fact]
    public void A_durable_file_is_there_alone_and_replaced_only_on_request()
    {
        string path = Path.Combine(_directory.FullName, "file");
        DurableFile.Write(path, "one"u8, overwrite: false);
        Assert.Throws<IOException>(() => DurableFile.Write(path, "two"u8, overwrite: false));
        Assert.Equal("one", File.ReadAllText(path));
        DurableFile.Write(path, "three"u8, overwrite: true);

        Assert.Equal("three", File.ReadAllText(path));
        Assert.Single(_directory.GetFiles());
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }
    }
}
