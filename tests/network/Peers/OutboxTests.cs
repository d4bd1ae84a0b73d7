using System.Buffers;
using Bft.Engine.Transport;
using Bft.Network.Peers;
using static Bft.Network.Tests.Peers.TestCommittee;

namespace Bft.Network.Tests.Peers;

public sealed class OutboxTests
{
    private const int Cost = 100 + PeerLimits.MessageOverheadBytes;

    [Fact]
    public void A_full_class_loses_its_oldest_messages_and_no_other_class_s()
    {
        var outbox = new Outbox(new PeerLimits { MaxQueuedConsensusBytes = 5 * Cost, MaxQueuedGossipBytes = 2 * Cost, MaxQueuedRepairBytes = 3 * Cost }, TimeProvider.System);
        int[] dropped = new int[4];
        for (int i = 0; i < 10; i++)
        {
            foreach (TrafficClass traffic in Enum.GetValues<TrafficClass>())
            {
                dropped[(int)traffic] += outbox.Add(traffic, Numbered(traffic, i, 100));
            }
        }

        Assert.Equal([0, 5, 8, 7], dropped);
        Assert.Equal(10 * Cost, outbox.QueuedBytes);
        List<(TrafficClass Traffic, int Number)> drained = Drain(outbox, 1 << 20).Single();
        Assert.Equal([5, 6, 7, 8, 9], Of(drained, TrafficClass.Consensus));
        Assert.Equal([8, 9], Of(drained, TrafficClass.Gossip));
        Assert.Equal([7, 8, 9], Of(drained, TrafficClass.Repair));
        Assert.Equal(0, outbox.QueuedBytes);
    }

    [Fact]
    public void Messages_without_content_are_bounded_too()
    {
        var outbox = new Outbox(new PeerLimits { MaxQueuedConsensusBytes = 10 * (1 + PeerLimits.MessageOverheadBytes) }, TimeProvider.System);
        Assert.Equal(90, Enumerable.Range(0, 100).Sum(_ => outbox.Add(TrafficClass.Consensus, new byte[] { 1 })));
    }

    [Fact]
    public void A_message_that_fits_no_queue_is_dropped_and_pushes_nothing_out()
    {
        var outbox = new Outbox(new PeerLimits { MaxQueuedGossipBytes = 2 * Cost }, TimeProvider.System);
        Assert.Equal(0, outbox.Add(TrafficClass.Gossip, Numbered(TrafficClass.Gossip, 1, 100)));
        Assert.Equal(1, outbox.Add(TrafficClass.Gossip, Numbered(TrafficClass.Gossip, 2, 1000)));
        Assert.Equal([1], Of(Drain(outbox, 1 << 20).Single(), TrafficClass.Gossip));
    }

    [Fact]
    public void A_frame_ends_at_its_target_and_a_larger_message_travels_alone()
    {
        var outbox = new Outbox(new PeerLimits { FrameTargetBytes = 250 }, TimeProvider.System);
        outbox.Add(TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 0, 100));
        outbox.Add(TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 1, 100));
        outbox.Add(TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 2, 1000));
        outbox.Add(TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 3, 100));
        Assert.Equal([[0, 1], [2], [3]], Drain(outbox, 250).Select(frame => Of(frame, TrafficClass.Consensus)));
    }

    [Fact]
    public void Consensus_goes_first_and_never_waits_for_gossip_that_was_queued_before()
    {
        var outbox = new Outbox(new PeerLimits { FrameTargetBytes = 250 }, TimeProvider.System);
        for (int i = 0; i < 20; i++)
        {
            outbox.Add(TrafficClass.Gossip, Numbered(TrafficClass.Gossip, i, 100));
            outbox.Add(TrafficClass.Repair, Numbered(TrafficClass.Repair, i, 100));
        }

        outbox.Add(TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 0, 100));
        var frame = new PeerFrame();
        Assert.True(outbox.Fill(frame));
        Assert.Equal(TrafficClass.Consensus, Messages(frame)[0].Traffic);
    }

    [Fact]
    public void Endless_consensus_does_not_starve_gossip_and_repair()
    {
        var outbox = new Outbox(new PeerLimits { FrameTargetBytes = 250 }, TimeProvider.System);
        outbox.Add(TrafficClass.Gossip, Numbered(TrafficClass.Gossip, 0, 100));
        outbox.Add(TrafficClass.Repair, Numbered(TrafficClass.Repair, 0, 100));
        var others = new List<TrafficClass>();
        int consensus = 0;
        for (int i = 0; i < 30; i++)
        {
            outbox.Add(TrafficClass.Consensus, Numbered(TrafficClass.Consensus, i, 100));
            outbox.Add(TrafficClass.Consensus, Numbered(TrafficClass.Consensus, i, 100));
            var frame = new PeerFrame();
            Assert.True(outbox.Fill(frame));
            others.AddRange(Messages(frame).Select(message => message.Traffic).Where(traffic => traffic != TrafficClass.Consensus));
            consensus += frame.Counts[0];
        }

        Assert.Equal([TrafficClass.Gossip, TrafficClass.Repair], others.Order());
        Assert.True(consensus >= 58, $"{consensus} consensus messages travelled");
    }

    [Fact]
    public async Task What_is_added_wakes_the_one_who_drains()
    {
        var outbox = new Outbox(new PeerLimits(), TimeProvider.System);
        ValueTask waiting = outbox.WaitAsync(default);
        Assert.False(waiting.IsCompleted);
        outbox.Add(TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 1));
        await waiting.AsTask().WaitAsync(Recorder<int>.Patience);
        Assert.True(outbox.Fill(new PeerFrame()));
        Assert.False(outbox.Fill(new PeerFrame()));
    }

    private static int[] Of(List<(TrafficClass Traffic, int Number)> frame, TrafficClass traffic) =>
        [.. frame.Where(message => message.Traffic == traffic).Select(message => message.Number)];

    private static List<List<(TrafficClass Traffic, int Number)>> Drain(Outbox outbox, int target)
    {
        var frames = new List<List<(TrafficClass, int)>>();
        var frame = new PeerFrame();
        while (outbox.Fill(frame))
        {
            Assert.True(frame.Count == 1 || frame.ContentBytes <= target);
            frames.Add(Messages(frame));
            frame.Clear();
        }

        return frames;
    }

    private static List<(TrafficClass Traffic, int Number)> Messages(PeerFrame frame)
    {
        var buffer = new ArrayBufferWriter<byte>();
        frame.WriteTo(buffer);
        var reader = new FrameReader(PeerFrame.Parse(new ReadOnlySequence<byte>(buffer.WrittenMemory)).Content);
        var messages = new List<(TrafficClass, int)>();
        while (reader.MoveNext())
        {
            messages.Add(((TrafficClass)reader.Current.Span[0], NumberOf(reader.Current.ToArray())));
        }

        return messages;
    }

    [Fact]
    public void What_waited_too_long_goes_when_something_newer_comes()
    {
        var time = new ManualTime();
        var outbox = new Outbox(new PeerLimits { MaxQueuedFor = TimeSpan.FromSeconds(10) }, time);
        byte[] Message(byte number) => [(byte)TrafficClass.Consensus, number];
        Assert.Equal(0, outbox.Add(TrafficClass.Consensus, Message(1)));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(0, outbox.Add(TrafficClass.Consensus, Message(2)));
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(1, outbox.Add(TrafficClass.Consensus, Message(3)));

        // Alone, an old one stays: on a quiet chain the last word is worth having, however late.
        time.Advance(TimeSpan.FromHours(1));
        var frame = new PeerFrame();
        Assert.True(outbox.Fill(frame));
        Assert.Equal(2, frame.Count);
    }
}
