using Bft.Client;
using CsCheck;

namespace Bft.Network.Tests.Client;

public sealed class ClientStateTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("bft-client-state-").FullName;

    private string File_ => Path.Combine(_directory, "client.key");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void The_first_use_makes_a_key_that_only_its_owner_can_read()
    {
        byte[] key;
        using (ClientState state = ClientState.OpenOrCreate(File_))
        {
            key = state.Signer.PublicKey.ToArray();
            Assert.Equal(1ul, state.Next);
        }

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(File_));
        }

        using ClientState again = ClientState.OpenOrCreate(File_);
        Assert.Equal(key, again.Signer.PublicKey.ToArray());
        Assert.Equal([Path.GetFileName(File_)], Directory.GetFileSystemEntries(_directory).Select(Path.GetFileName));
    }

    [Fact]
    public void After_a_clean_end_sequences_go_on_without_a_hole()
    {
        using (ClientState state = ClientState.OpenOrCreate(File_))
        {
            Assert.Equal(1ul, state.Reserve(3));
            Assert.Equal(4ul, state.Reserve(1));
        }

        using ClientState again = ClientState.OpenOrCreate(File_);
        Assert.Equal(5ul, again.Reserve(10_000));
        Assert.Equal(10_005ul, again.Reserve(1));
    }

    [Fact]
    public void Wherever_a_crash_cuts_the_file_no_sequence_is_used_twice()
    {
        int line = 0;
        Gen.Select(Gen.Int[1, 6000].List[1, 10], Gen.Int[0, 8]).Sample((counts, torn) =>
        {
            string live = Path.Combine(_directory, $"live-{Interlocked.Increment(ref line)}");
            string crashed = live + "-crashed";
            ulong used = 0;
            using (ClientState state = ClientState.OpenOrCreate(live))
            {
                foreach (int count in counts)
                {
                    used = state.Reserve(count) + (ulong)count - 1;
                }

                // What a crash leaves: the file as it is now, and perhaps a part of the next line.
                var bytes = new byte[new FileInfo(live).Length];
                ReadLocked(live, bytes);
                File.WriteAllBytes(crashed, [.. bytes, .. "99999999"u8[..torn]]);
            }

            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(crashed, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            using ClientState again = ClientState.OpenOrCreate(crashed);
            return again.Reserve(1) > used;
        }, iter: 30);
    }

    [Fact]
    public void Two_processes_may_not_share_a_key()
    {
        using ClientState first = ClientState.OpenOrCreate(File_);
        Assert.Contains("another process", Assert.Throws<BftClientException>(() => ClientState.OpenOrCreate(File_)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_others_may_read_is_refused()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        ClientState.OpenOrCreate(File_).Dispose();
        File.SetUnixFileMode(File_, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Contains("chmod 600", Assert.Throws<BftClientException>(() => ClientState.OpenOrCreate(File_)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "not a client state")]
    [InlineData("bft-client 2\ned25519 00\n1\n", "not a client state")]
    [InlineData("bft-client 1\nrot13 {seed}\n1\n", "rot13")]
    [InlineData("bft-client 1\ned25519 zz\n1\n", "no seed")]
    [InlineData("bft-client 1\ned25519 {seed}\n1\nx\n5\n", "line 4")]
    [InlineData("bft-client 1\ned25519 {seed}\n0\n", "line 3")]
    public void A_damaged_file_is_refused_with_what_is_wrong(string content, string reason)
    {
        File.WriteAllText(File_, content.Replace("{seed}", new string('1', 64), StringComparison.Ordinal));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(File_, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        BftClientException refused = Assert.Throws<BftClientException>(() => ClientState.OpenOrCreate(File_));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Contains(File_, refused.Message, StringComparison.Ordinal);
    }

    // The lock is advisory on Unix, and .NET honours it: the operating system's own copy does not.
    private static void ReadLocked(string path, byte[] bytes)
    {
        using var copy = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("cat", [path]) { RedirectStandardOutput = true })!;
        copy.StandardOutput.BaseStream.ReadExactly(bytes);
        copy.WaitForExit();
    }
}
