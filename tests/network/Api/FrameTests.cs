using System.Text;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Api;
using Bft.Network.Api.Frames;
using Bft.Network.Protocol;
using Bft.Network.Tests.Api.Fakes;
using CsCheck;
using Google.Protobuf;

namespace Bft.Network.Tests.Api;

public sealed class FrameTests
{
    private static readonly Chain Chain = FakeNetwork.MakeGenesis().ToChain();

    private static readonly Gen<Digest> GenDigest = Gen.Byte.Array[32].Select(bytes => new Digest(bytes));

    [Fact]
    public void A_raw_frame_reads_what_protobuf_writes_unknown_fields_included() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Byte.Array[0, 50], Gen.Bool).Sample((content, other, first) =>
        {
            using var stream = new MemoryStream();
            using (var output = new CodedOutputStream(stream, leaveOpen: true))
            {
                void Unknown()
                {
                    output.WriteTag(9, WireFormat.WireType.LengthDelimited);
                    output.WriteBytes(ByteString.CopyFrom(other));
                    output.WriteTag(10, WireFormat.WireType.Varint);
                    output.WriteUInt64(ulong.MaxValue);
                    output.WriteTag(11, WireFormat.WireType.Fixed32);
                    output.WriteFixed32(7);
                    output.WriteTag(12, WireFormat.WireType.Fixed64);
                    output.WriteFixed64(7);
                }

                if (first)
                {
                    Unknown();
                }

                new ClientFrame { Content = ByteString.CopyFrom(content) }.WriteTo(output);
                Unknown();
            }

            RawFrame frame = RawFrame.Parse(stream.ToArray());
            return !frame.Malformed && frame.Content.Span.SequenceEqual(content);
        });

    [Fact]
    public void A_raw_frame_never_believes_what_protobuf_refuses() => Gen.Byte.Array[0, 60].Sample(
        bytes =>
        {
            RawFrame frame = RawFrame.Parse(bytes);
            try
            {
                return frame.Malformed || frame.Content.Span.SequenceEqual(ClientFrame.Parser.ParseFrom(bytes).Content.Span);
            }
            catch (InvalidProtocolBufferException)
            {
                return frame.Content.IsEmpty;
            }
        },
        iter: 5000);

    [Fact]
    public void A_small_content_does_not_keep_a_large_message_alive()
    {
        byte[] message = [.. new ClientFrame { Content = ByteString.CopyFromUtf8("x") }.ToByteArray(), 0x4a, 0x80, 0x40, .. new byte[8192]];
        RawFrame frame = RawFrame.Parse(message);
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(frame.Content, out ArraySegment<byte> backing));
        Assert.True(backing.Array!.Length < 100);
    }

    [Fact]
    public void Every_frame_reads_back_as_it_was_written()
    {
        GenDigest.Array[0, 20].Sample(clients =>
            HelloFrame.Decode(new HelloFrame(1, Chain.Id, [.. clients]).Encode(), 20) is { } hello && hello.Clients.SequenceEqual(clients) &&
            SubscribeFrame.Decode(new SubscribeFrame([.. clients]).Encode(), 20) is { } subscribe && subscribe.Clients.SequenceEqual(clients));
        Gen.Select(Gen.ULong, Gen.Byte.Array[0, 40].Array[0, 10]).Sample((number, runs) =>
            RunsFrame.Decode(new RunsFrame(number, [.. runs.Select(run => (ReadOnlyMemory<byte>)run)]).Encode(), 10) is { } frame &&
            frame.Number == number && frame.Runs.Zip(runs).All(pair => pair.First.Span.SequenceEqual(pair.Second)));
        Gen.Select(Gen.Int[1, 5], Gen.String[0, 20]).Array[0, 10].Sample(items =>
        {
            SubmitAnswer[] answers = [.. items.Select(item => new SubmitAnswer((SubmitVerdict)item.Item1, Reason: Sane(item.Item2)))];
            return AcknowledgementFrame.Decode(new AcknowledgementFrame(3, answers).Encode())!.Answers.SequenceEqual(answers);
        });
        Assert.Equal(new GapFrame(new Height(3), new Height(5)), GapFrame.Decode(new GapFrame(new Height(3), new Height(5)).Encode()));
        Assert.Null(GapFrame.Decode(new GapFrame(new Height(5), new Height(3)).Encode()));
    }

    [Fact]
    public void A_long_reason_is_cut_between_characters()
    {
        string reason = new string('x', 511) + "ä" + new string('y', 100);
        AcknowledgementFrame frame = AcknowledgementFrame.Decode(new AcknowledgementFrame(1, [new SubmitAnswer(SubmitVerdict.Rejected, Reason: reason)]).Encode())!;
        Assert.Equal(new string('x', 511), frame.Answers[0].Reason);
    }

    [Fact]
    public void A_receipt_has_one_encoding()
    {
        Receipt folded = new(Chain.Id, 1, 3, new Height(4), new byte[] { 0 });
        Receipt spelled = folded with { Codes = new byte[] { 0, 0, 0 } };
        Assert.Equal(Frame(folded), Frame(spelled));
        byte[] mixed = Frame(folded with { Codes = new byte[] { 0, 1, 0 } });
        Assert.NotNull(SignedReceipts.Decode(mixed));
        int codes = mixed.AsSpan().IndexOf(new byte[] { 3, 0, 0, 0, 0, 1, 0 }) + 5;
        mixed[codes] = 0;
        Assert.Null(SignedReceipts.Decode(mixed));
    }

    [Fact]
    public void No_decoder_throws_on_random_bytes_or_on_frames_with_a_byte_changed()
    {
        byte[][] seeds =
        [
            Frame(new Receipt(Chain.Id, 1, 2, new Height(4), new byte[] { 0, 1 })),
            new RunsFrame(1, [new byte[10]]).Encode(),
            new HelloFrame(1, Chain.Id, [Chain.Id]).Encode(),
            new WelcomeFrame(1, Chain.Id, new ReplicaId(1), 5, 5).Encode(),
            new AcknowledgementFrame(1, [new SubmitAnswer(SubmitVerdict.Full, Reason: "x")]).Encode(),
            new SignedQuery(new ReplicaId(1), new byte[4], new byte[4], default, default, true, new byte[4]).Encode(),
        ];
        Gen.Select(Gen.Int[0, seeds.Length], Gen.Int[0, 200], Gen.Byte, Gen.Byte.Array[0, 100]).Sample((which, at, value, random) =>
        {
            byte[] bytes = which == seeds.Length ? random : [.. seeds[which]];
            if (bytes.Length > 0)
            {
                bytes[at % bytes.Length] = value;
            }

            _ = HelloFrame.Decode(bytes, 9);
            _ = SubscribeFrame.Decode(bytes, 9);
            _ = RunsFrame.Decode(bytes, 9);
            _ = WelcomeFrame.Decode(bytes);
            _ = AcknowledgementFrame.Decode(bytes);
            _ = GapFrame.Decode(bytes);
            _ = SignedReceipts.Decode(bytes);
            _ = SignedQuery.Decode(bytes);
            _ = SignedReadIndex.Decode(bytes);
        });
    }

    private static byte[] Frame(Receipt receipt) => SignedReceipts.Sign(Chain, FakeNetwork.Key("test identity 0"), new ReplicaId(0), receipt.Height, [receipt]);

    // UTF-8 has no form for a lone surrogate; an empty reason is none.
    private static string? Sane(string text) =>
        text.Length == 0 || Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) != text ? null : text;
}
