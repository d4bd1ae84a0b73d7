using Bft.Testnet.Clients;
using Bft.Testnet.Homes;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.Homes;

public sealed class SequenceFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Sequences_go_on_where_the_last_process_stopped()
    {
        Assert.Equal(1ul, new SequenceFile(_directory["s"], 1).Reserve(3));
        Assert.Equal(4ul, new SequenceFile(_directory["s"], 1).Reserve(1));
        Assert.Equal(5ul, new SequenceFile(_directory["s"], 1).Reserve(64));
        Assert.Equal(69ul, new SequenceFile(_directory["s"], 1).Reserve(1));
        Assert.Equal(42, new FileInfo(_directory["s"]).Length);
    }

    [Fact]
    public void Behind_the_last_sequence_there_is_none()
    {
        var sequences = new SequenceFile(_directory["s"], ulong.MaxValue - 3);
        sequences.Reserve(2);

        Assert.Throws<HomeException>(() => sequences.Reserve(2));
    }

    [Fact]
    public void Whatever_a_crash_tears_no_sequence_is_given_twice()
    {
        var sequences = new SequenceFile(_directory["s"], 1);
        for (int i = 0; i < 9; i++)
        {
            ulong given = sequences.Reserve(7);
            byte[] before = File.ReadAllBytes(_directory["s"]);
            ulong next = sequences.Reserve(7);
            byte[] after = File.ReadAllBytes(_directory["s"]);
            for (int cut = 0; cut < Math.Max(before.Length, after.Length); cut++)
            {
                // The second reservation was torn: some of its bytes are there, and it was never given out.
                byte[] torn = [.. after.Take(cut), .. before.Skip(cut)];
                File.WriteAllBytes(_directory["t"], torn);
                Assert.True(new SequenceFile(_directory["t"], 1).Reserve(1) >= given + 7);
            }

            Assert.Equal(given + 7, next);
        }
    }

    [Fact]
    public async Task Many_commands_share_one_key_without_sharing_a_sequence()
    {
        ulong[][] given = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            var own = new SequenceFile(_directory["s"], 1);
            return Enumerable.Range(0, 25).Select(_ => own.Reserve(2)).ToArray();
        })));

        Assert.Equal(Enumerable.Range(0, 100).Select(i => (ulong)(2 * i) + 1), given.SelectMany(own => own).Order());
    }

    [Fact]
    public void An_old_key_without_its_file_starts_behind_everything_it_can_have_used()
    {
        var lost = SequenceFile.Beside(_directory["key"], keyIsNew: false, DateTimeOffset.UnixEpoch.AddMilliseconds(1_700_000_000_000));

        Assert.Equal(1_700_000_000_000ul, lost.Reserve(1));
    }

    [Fact]
    public void A_sequence_whose_flush_fails_is_not_given_out()
    {
        if (OperatingSystem.IsLinux())
        {
            // A file that cannot be flushed (EINVAL), to which the framework's own flush answers with success.
            HomeException failed = Assert.Throws<HomeException>(() => new SequenceFile("/dev/null", 1).Reserve(1));
            Assert.Contains("could not be made durable", failed.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_that_holds_something_else_is_refused()
    {
        _directory.Write("s", "something else\n");

        Assert.Throws<HomeException>(() => new SequenceFile(_directory["s"], 1).Reserve(1));
    }
}
