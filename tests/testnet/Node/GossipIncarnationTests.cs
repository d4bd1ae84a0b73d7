using Bft.Network.Gossip;
using Bft.Testnet.Node;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.Node;

/// <summary>A restarted validator's batches are never older than those of its last run.</summary>
public sealed class GossipIncarnationTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddSeconds(1_800_000_000);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Sequences_grow_with_every_start_though_the_clock_goes_backwards()
    {
        ulong[] firsts = [.. Enumerable.Range(0, 5).Select(start => GossipOptions.FirstSequenceOf(GossipIncarnation.Next(_directory.Root, Now.AddDays(-start))))];

        // Each is above all that the run before it can have used.
        Assert.All(firsts.Zip(firsts.Skip(1)), pair => Assert.True(pair.Second >= pair.First + (1UL << 32)));
    }

    [Fact]
    public void A_lost_file_begins_above_everything_before_it()
    {
        ulong before = Enumerable.Range(0, 20).Select(_ => GossipIncarnation.Next(_directory.Root, Now)).Last();
        File.Delete(_directory[GossipIncarnation.FileName]);

        Assert.True(GossipIncarnation.Next(_directory.Root, Now.AddMinutes(1)) > before);
    }

    [Fact]
    public void A_clock_gone_mad_leaves_room_for_many_starts()
    {
        ulong first = GossipIncarnation.Next(_directory.Root, DateTimeOffset.MaxValue);

        Assert.True(GossipOptions.FirstSequenceOf(first + 1_000_000) > GossipOptions.FirstSequenceOf(first));
        Assert.Throws<OverflowException>(() => GossipOptions.FirstSequenceOf(1UL << 32));
    }
}
