using System.Net;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Transport;
using Bft.Network.Peers;
using static Bft.Network.Tests.Peers.TestCommittee;

namespace Bft.Network.Tests.Peers;

public sealed class PeerExchangeTests
{
    [Fact]
    public async Task Two_validators_exchange_messages_of_every_class_byte_for_byte()
    {
        await using var committee = new TestCommittee(2);
        TestValidator a = await committee.StartAsync(0);
        TestValidator b = await committee.StartAsync(1);
        byte[] large = Numbered(TrafficClass.Consensus, 7, 1 << 20);
        new Random(1).NextBytes(large.AsSpan(5));
        a.Transport.Send(new ReplicaId(1), TrafficClass.Consensus, large);
        a.Transport.Send(new ReplicaId(1), TrafficClass.Gossip, Numbered(TrafficClass.Gossip, 8));
        b.Transport.Send(new ReplicaId(0), TrafficClass.Repair, Numbered(TrafficClass.Repair, 9));
        b.Transport.Send(new ReplicaId(0), TrafficClass.Consensus, new byte[] { (byte)TrafficClass.Consensus });

        await b.Deliveries.Count(2);
        await a.Deliveries.Count(2);
        Assert.Equal(large, b.Deliveries.All.Single(delivery => delivery.Traffic == TrafficClass.Consensus).Message);
        Assert.Equal(8, NumberOf(b.Deliveries.All.Single(delivery => delivery.Traffic == TrafficClass.Gossip).Message));
        Assert.Equal(9, NumberOf(a.Deliveries.All.Single(delivery => delivery.Traffic == TrafficClass.Repair).Message));
        Assert.All(b.Deliveries.All, delivery => Assert.Equal(0, delivery.Sender.Value));
        Assert.All(a.Deliveries.All, delivery => Assert.Equal(1, delivery.Sender.Value));
    }

    [Fact]
    public async Task Four_validators_receive_from_each_peer_in_the_order_it_sent()
    {
        const int Each = 2000;
        await using var committee = new TestCommittee(4);
        TestValidator[] all = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => committee.StartAsync(i)));
        for (int number = 0; number < Each; number++)
        {
            for (int from = 0; from < 4; from++)
            {
                foreach (PeerState peer in all[from].Transport.States)
                {
                    all[from].Transport.Send(peer.Id, TrafficClass.Consensus, Numbered(TrafficClass.Consensus, number, 5 + (number % 300)));
                }
            }
        }

        foreach (TestValidator validator in all)
        {
            await validator.Deliveries.Count(3 * Each);
            foreach (IGrouping<int, Delivery> peer in validator.Deliveries.All.GroupBy(delivery => delivery.Sender.Value))
            {
                Assert.Equal(Enumerable.Range(0, Each), peer.Select(delivery => NumberOf(delivery.Message)));
            }
        }

        Assert.All(all, validator => Assert.All(validator.Transport.States, state => Assert.Equal(0, state.Dropped)));
    }

    [Fact]
    public async Task State_and_totals_count_what_crossed_the_wire_by_class()
    {
        await using var committee = new TestCommittee(2);
        TestValidator a = await committee.StartAsync(0);
        TestValidator b = await committee.StartAsync(1);
        for (int i = 0; i < 10; i++)
        {
            a.Transport.Send(new ReplicaId(1), TrafficClass.Consensus, Numbered(TrafficClass.Consensus, i, 100));
        }

        a.Transport.Send(new ReplicaId(1), TrafficClass.Repair, Numbered(TrafficClass.Repair, 0, 1000));
        await b.Deliveries.Count(11);
        await b.ConnectedTo(0);

        Assert.Equal((10, 10 * 104L), (b.Transport.Totals(TrafficClass.Consensus).MessagesReceived, b.Transport.Totals(TrafficClass.Consensus).BytesReceived));
        Assert.Equal((1, 1004L), (b.Transport.Totals(TrafficClass.Repair).MessagesReceived, b.Transport.Totals(TrafficClass.Repair).BytesReceived));
        PeerState state = Assert.Single(b.Transport.States);
        Assert.True(state.Connected && state.Receiving);
        Assert.Equal((11, (10 * 104L) + 1004), (state.MessagesReceived, state.BytesReceived));
        Assert.NotNull(state.Since);
    }

    [Fact]
    public async Task The_meter_tells_sent_messages_and_links()
    {
        await using var committee = new TestCommittee(2);
        TestValidator a = await committee.StartAsync(0);
        TestValidator b = await committee.StartAsync(1);
        await a.ConnectedTo(1);
        b.Transport.Send(new ReplicaId(0), TrafficClass.Gossip, Numbered(TrafficClass.Gossip, 1));
        await a.Deliveries.Count(1);

        var seen = new List<(string Name, long Value, string Tags)>();
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = (instrument, it) =>
        {
            if (instrument.Meter.Name == PeerHost.MeterName && instrument.Name is "bft.network.messages" or "bft.network.connected")
            {
                it.EnableMeasurementEvents(instrument);
            }
        };
        void Record(string name, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            seen.Add((name, value, string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument.Name, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument.Name, value, tags));
        listener.Start();
        listener.RecordObservableInstruments();

        Assert.Contains(seen, measured => measured is { Name: "bft.network.messages", Value: 1, Tags: "peer=1 traffic=gossip direction=received" });
        Assert.Contains(seen, measured => measured is { Name: "bft.network.connected", Value: 1, Tags: "peer=1" });
    }

    [Fact]
    public async Task A_restarted_peer_is_found_again_even_on_another_port()
    {
        await using var committee = new TestCommittee(2);
        TestValidator a = await committee.StartAsync(0);
        TestValidator b = await committee.StartAsync(1);
        await a.ConnectedTo(1);
        a.Transport.Send(new ReplicaId(1), TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 1));
        await b.Deliveries.Count(1);

        await b.DisposeAsync();
        await a.DisconnectedFrom(1);
        a.Transport.Send(new ReplicaId(1), TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 2));
        TestValidator again = await committee.StartAsync(1);
        a.Transport.Send(new ReplicaId(1), TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 3));

        await again.Deliveries.Count(2);
        Assert.Equal([2, 3], again.Deliveries.All.Select(delivery => NumberOf(delivery.Message)));
        again.Transport.Send(new ReplicaId(0), TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 4));
        Assert.Equal(4, NumberOf((await a.Deliveries.First(_ => true)).Message));
    }

    [Fact]
    public async Task A_peer_that_is_down_costs_a_bounded_queue_whose_newest_messages_arrive_later()
    {
        await using var committee = new TestCommittee(2);
        TestValidator a = await committee.StartAsync(0, options => options with
        {
            Limits = Quick with { MaxQueuedConsensusBytes = 100 * (100 + PeerLimits.MessageOverheadBytes), MaxQueuedGossipBytes = 3 * (100 + PeerLimits.MessageOverheadBytes) },
        });
        for (int i = 0; i < 50; i++)
        {
            a.Transport.Send(new ReplicaId(1), TrafficClass.Consensus, Numbered(TrafficClass.Consensus, i, 100));
            a.Transport.Send(new ReplicaId(1), TrafficClass.Gossip, Numbered(TrafficClass.Gossip, i, 100));
        }

        Assert.Equal(47, a.Transport.Totals(TrafficClass.Gossip).Dropped);
        Assert.Equal(0, a.Transport.Totals(TrafficClass.Consensus).Dropped);
        TestValidator b = await committee.StartAsync(1);
        await b.Deliveries.Count(53);
        Assert.Equal(Enumerable.Range(0, 50), b.Deliveries.All.Where(delivery => delivery.Traffic == TrafficClass.Consensus).Select(delivery => NumberOf(delivery.Message)));
        Assert.Equal([47, 48, 49], b.Deliveries.All.Where(delivery => delivery.Traffic == TrafficClass.Gossip).Select(delivery => NumberOf(delivery.Message)));
    }

    [Fact]
    public async Task A_message_above_its_limit_is_dropped_where_it_is_sent_and_the_link_stands()
    {
        await using var committee = new TestCommittee(2);
        TestValidator a = await committee.StartAsync(0);
        TestValidator b = await committee.StartAsync(1);
        a.Transport.Send(new ReplicaId(1), TrafficClass.Gossip, Numbered(TrafficClass.Gossip, 1, Quick.MaxGossipBytes + 1));
        a.Transport.Send(new ReplicaId(1), TrafficClass.Gossip, Numbered(TrafficClass.Gossip, 2, Quick.MaxGossipBytes));

        await b.Deliveries.Count(1);
        Assert.Equal(2, NumberOf(b.Deliveries.All[0].Message));
        Assert.Equal(1, a.Transport.Totals(TrafficClass.Gossip).Dropped);
        Assert.Contains(a.Lines.All, line => line.Contains("over the limit", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failing_handler_costs_only_the_message_it_failed_on()
    {
        await using var committee = new TestCommittee(2);
        TestValidator a = await committee.StartAsync(0);
        TestValidator b = await committee.StartAsync(1, prepare: validator => validator.OnDelivery = delivery =>
        {
            if (NumberOf(delivery.Message) == 1)
            {
                throw new InvalidOperationException("a fault in the handler");
            }
        });
        for (int i = 0; i < 3; i++)
        {
            a.Transport.Send(new ReplicaId(1), TrafficClass.Consensus, Numbered(TrafficClass.Consensus, i));
        }

        await b.Deliveries.Count(3);
        await b.Lines.First(line => line.Contains("Handling a Consensus message of validator 0 failed", StringComparison.Ordinal));
        Assert.True(a.Transport.States[0].Connected);
    }

    [Fact]
    public async Task A_stream_is_not_read_while_the_handler_holds_too_much_of_it()
    {
        var order = new Recorder<string>();
        await using var committee = new TestCommittee(2);
        TestValidator a = await committee.StartAsync(0);
        TestValidator? b = null;
        b = await committee.StartAsync(1, options => options with { Limits = Quick with { MaxHeldBytes = 5 } }, validator => validator.OnDelivery = delivery =>
        {
            order.Add($"message {NumberOf(delivery.Message)}");
            if (NumberOf(delivery.Message) == 1)
            {
                validator.Transport.Hold(delivery.Sender, delivery.Message.Length);
            }
        });
        await a.ConnectedTo(1);
        a.Transport.Send(new ReplicaId(1), TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 1));
        await order.Count(1);
        a.Transport.Send(new ReplicaId(1), TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 2));
        await b.Transport.Of(new ReplicaId(0)).Inflow.FirstWaited.WaitAsync(Recorder<int>.Patience);

        // The other direction is not held up.
        b.Transport.Send(new ReplicaId(0), TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 3));
        await a.Deliveries.Count(1);
        order.Add("released");
        b.Transport.Release(new ReplicaId(0), 5);
        await order.Count(3);
        Assert.Equal(["message 1", "released", "message 2"], order.All);
    }

    [Fact]
    public async Task Another_chain_is_refused_with_the_reason_on_both_sides()
    {
        await using var committee = new TestCommittee(2);
        Digest other = HashFunction.Sha256.Hash("another chain"u8);
        TestValidator a = await committee.StartAsync(0);
        TestValidator b = await committee.StartAsync(1, options => options with { ChainId = other });

        await a.Lines.First(line => line.Contains(other.ToString(), StringComparison.Ordinal) && line.Contains("compare their genesis files", StringComparison.Ordinal));
        await b.Lines.First(line => line.Contains(committee.ChainId.ToString(), StringComparison.Ordinal) && line.Contains("compare their genesis files", StringComparison.Ordinal));
        Assert.DoesNotContain(a.Changes.All.Concat(b.Changes.All), state => state.Connected || state.Receiving);
    }

    [Fact]
    public async Task Another_wire_format_is_refused_with_the_reason_on_both_sides()
    {
        await using var committee = new TestCommittee(2);
        TestValidator a = await committee.StartAsync(0);
        TestValidator b = await committee.StartAsync(1, options => options with { FormatVersion = Hello.CurrentVersion + 1 });

        await a.Lines.First(line => line.Contains("run the same release on both", StringComparison.Ordinal));
        await b.Lines.First(line => line.Contains("run the same release on both", StringComparison.Ordinal));
        Assert.DoesNotContain(a.Changes.All.Concat(b.Changes.All), state => state.Connected || state.Receiving);
    }

    [Fact]
    public async Task A_port_in_use_is_named_with_what_to_do()
    {
        await using var committee = new TestCommittee(2);
        TestValidator a = await committee.StartAsync(0);
        PeerAddressException exception = await Assert.ThrowsAsync<PeerAddressException>(
            () => committee.StartAsync(1, options => options with { Listen = a.Host.Endpoint }));

        Assert.Equal(a.Host.Endpoint, exception.Endpoint);
        Assert.Contains($"Cannot listen for validators on {a.Host.Endpoint}: another process uses it", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_of_another_machine_is_named_with_what_to_do()
    {
        await using var committee = new TestCommittee(1);
        PeerAddressException exception = await Assert.ThrowsAsync<PeerAddressException>(
            () => committee.StartAsync(0, options => options with { Listen = new IPEndPoint(IPAddress.Parse("192.0.2.1"), 0) }));
        Assert.Contains("Choose an address of this machine", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_another_genesis_is_refused_at_start()
    {
        await using var committee = new TestCommittee(2);
        ArgumentException exception = await Assert.ThrowsAsync<ArgumentException>(
            () => committee.StartAsync(0, options => options with { Certificate = committee.Certificates[1] }));
        Assert.Contains(committee.Pins[0].ToString(), exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sending_to_oneself_a_stranger_or_under_a_wrong_class_is_a_fault_of_the_caller()
    {
        await using var committee = new TestCommittee(2);
        TestValidator a = await committee.StartAsync(0);
        Assert.Throws<ArgumentException>(() => a.Transport.Send(new ReplicaId(0), TrafficClass.Gossip, Numbered(TrafficClass.Gossip, 1)));
        Assert.Throws<ArgumentException>(() => a.Transport.Send(new ReplicaId(2), TrafficClass.Gossip, Numbered(TrafficClass.Gossip, 1)));
        Assert.Throws<ArgumentException>(() => a.Transport.Send(new ReplicaId(1), TrafficClass.Gossip, Numbered(TrafficClass.Repair, 1)));
        Assert.Throws<ArgumentException>(() => a.Transport.Send(new ReplicaId(1), TrafficClass.Gossip, default));
    }
}
