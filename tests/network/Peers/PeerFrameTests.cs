using System.Buffers;
using Bft.Engine.Transport;
using Bft.Network.Peers;
using Bft.Network.Peers.Wire;
using CsCheck;
using Google.Protobuf;

namespace Bft.Network.Tests.Peers;

public sealed class PeerFrameTests
{
    private static PeerLimits Limits { get; } = new() { FrameTargetBytes = 4000, MaxConsensusBytes = 4000, MaxGossipBytes = 500, MaxRepairBytes = 3000 };

    [Fact]
    public void A_frame_is_what_protobuf_reads_and_writes()
    {
        Gen.Byte.Array[1, 400].Array[1, 60].Sample(messages =>
        {
            byte[] written = Write(messages);
            Frame protobuf = Frame.Parser.ParseFrom(written);
            Assert.Equal(written, protobuf.ToByteArray());
            PeerFrame parsed = Parse(written);
            Assert.Null(parsed.Defect);
            Assert.Equal(protobuf.Content.ToByteArray(), parsed.Content.ToArray());
            Assert.Equal(messages, Walk(parsed.Content));
        }, iter: 300);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(123)]
    [InlineData(124)]
    [InlineData(16379)]
    [InlineData(16380)]
    [InlineData(2097147)]
    [InlineData(2097148)]
    public void Lengths_at_the_steps_of_the_varint_survive(int bytes)
    {
        byte[] written = Write([new byte[bytes]]);
        Assert.Equal(bytes + 4, Frame.Parser.ParseFrom(written).Content.Length);
        Assert.Equal(bytes + 4, Parse(written).Content.Length);
    }

    [Fact]
    public void A_frame_in_many_segments_is_the_same_frame()
    {
        byte[] written = Write([[1, 2, 3], [2, 9]]);
        for (int cut = 1; cut < written.Length; cut++)
        {
            var first = new Segment(written.AsMemory(0, cut));
            Segment last = first.Append(written.AsMemory(cut));
            PeerFrame parsed = PeerFrame.Parse(new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length));
            Assert.Equal([[1, 2, 3], [2, 9]], Walk(parsed.Content));
        }
    }

    [Fact]
    public void A_length_that_lies_allocates_nothing_by_it()
    {
        // Field 1 with 2^31−1 bytes announced and three there; then the same in more varint bytes than an int has.
        byte[][] liars = [[0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 1, 2, 3], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 1]];
        Parse(liars[0]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (byte[] liar in liars)
        {
            Assert.NotNull(Parse(liar).Defect);
        }

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 64 << 10);
    }

    [Fact]
    public void Every_other_encoding_of_a_frame_is_refused()
    {
        byte[] written = Write([[1, 2, 3]]);
        for (int length = 0; length < written.Length; length++)
        {
            Assert.NotNull(Parse(written[..length]).Defect);
        }

        Assert.NotNull(Parse([.. written, 0]).Defect);
        Assert.NotNull(Parse([0x0A, .. Lengthened(written[1]), .. written[2..]]).Defect);
        Assert.NotNull(Parse([0x12, .. written[1..]]).Defect);
        Assert.NotNull(Parse([.. written, .. written]).Defect);

        // The same length in one byte more than it needs.
        static byte[] Lengthened(byte length) => [(byte)(length | 0x80), 0];
    }

    [Fact]
    public void Garbage_is_refused_or_walked_to_its_end_and_never_throws()
    {
        Gen.Byte.Array[0, 64].Sample(bytes =>
        {
            PeerFrame parsed = Parse(bytes);
            if (parsed.Defect is null && FrameReader.Defect(parsed.Content.Span, Limits) is null)
            {
                Assert.Equal(parsed.Content.Length, Walk(parsed.Content).Sum(message => message.Length + 4));
            }

            if (FrameReader.Defect(bytes, Limits) is null)
            {
                Assert.Equal(bytes.Length, Walk(bytes).Sum(message => message.Length + 4));
            }
        }, iter: 20_000);
    }

    [Theory]
    [InlineData(TrafficClass.Consensus, 4000)]
    [InlineData(TrafficClass.Gossip, 500)]
    [InlineData(TrafficClass.Repair, 3000)]
    public void A_message_has_its_class_s_limit(TrafficClass traffic, int limit)
    {
        Assert.Null(FrameReader.Defect(Content(limit), Limits));
        Assert.NotNull(FrameReader.Defect(Content(limit + 1), Limits));

        byte[] Content(int length) => [.. BitConverter.GetBytes(length), (byte)traffic, .. new byte[length - 1]];
    }

    private static byte[] Write(byte[][] messages)
    {
        var frame = new PeerFrame();
        foreach (byte[] message in messages)
        {
            frame.Add(message);
        }

        var buffer = new ArrayBufferWriter<byte>();
        frame.WriteTo(buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private static PeerFrame Parse(byte[] bytes) => PeerFrame.Parse(new ReadOnlySequence<byte>(bytes));

    private static List<byte[]> Walk(ReadOnlyMemory<byte> content)
    {
        var messages = new List<byte[]>();
        var reader = new FrameReader(content);
        while (reader.MoveNext())
        {
            messages.Add(reader.Current.ToArray());
        }

        return messages;
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
