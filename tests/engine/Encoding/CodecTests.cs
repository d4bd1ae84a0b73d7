using Bft.Engine.Encoding;
using Bft.Simulation;

namespace Bft.Engine.Tests.Encoding;

/// <summary>O-21 for every kind of bytes between validators: malformed input is refused without an exception, and one value has one encoding.</summary>
public class CodecTests
{
    private const ulong Seed = 21;

    public static TheoryData<string> Kinds => [.. Specimens.All.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void O21_what_was_encoded_is_decoded_to_the_same(string kind)
    {
        (byte[] bytes, Specimens.Decoder decode) = Specimens.All[kind];
        Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(decode(bytes) ?? []));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void O21_cut_off_at_any_byte_it_is_refused(string kind)
    {
        (byte[] bytes, Specimens.Decoder decode) = Specimens.All[kind];
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.True(decode(bytes.AsMemory(0, length)) is null, $"{length} of {bytes.Length} bytes were accepted");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void O21_with_bytes_behind_it_is_refused(string kind)
    {
        (byte[] bytes, Specimens.Decoder decode) = Specimens.All[kind];
        Assert.Null(decode((byte[])[.. bytes, 0]));
        Assert.Null(decode((byte[])[.. bytes, 255]));
        Assert.Null(decode((byte[])[.. bytes, .. bytes]));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void O21_with_any_bit_flipped_it_is_refused_or_is_the_one_encoding_of_another_value(string kind)
    {
        (byte[] bytes, Specimens.Decoder decode) = Specimens.All[kind];
        for (int bit = 0; bit < 8 * bytes.Length; bit++)
        {
            byte[] flipped = [.. bytes];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Same(flipped, decode, $"bit {bit}");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void O21_with_any_four_bytes_turned_into_a_monstrous_length_it_is_refused_or_canonical(string kind)
    {
        (byte[] bytes, Specimens.Decoder decode) = Specimens.All[kind];
        foreach (uint length in new uint[] { int.MaxValue, uint.MaxValue, 0x8000_0000u, 0x00FF_FFFFu, 0u })
        {
            for (int at = 0; at + 4 <= bytes.Length; at++)
            {
                byte[] changed = [.. bytes];
                BitConverter.TryWriteBytes(changed.AsSpan(at), length);
                Same(changed, decode, $"length {length} at {at}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void O21_random_damage_is_refused_or_canonical(string kind)
    {
        (byte[] bytes, Specimens.Decoder decode) = Specimens.All[kind];
        var random = new Randomness(Seed);
        for (int round = 0; round < 3000; round++)
        {
            byte[] damaged = [.. bytes];
            for (int i = random.Below(4); i >= 0; i--)
            {
                damaged[random.Below(damaged.Length)] = (byte)random.Below(256);
            }

            int from = random.Below(damaged.Length);
            byte[] cut = random.Below(3) == 0 ? [.. damaged[..from], .. damaged[Math.Min(damaged.Length, from + random.Below(9))..]] : damaged;
            Same(cut, decode, $"seed {Seed}, round {round}");
        }
    }

    [Fact]
    public void A_reader_that_failed_gives_defaults_for_ever()
    {
        var reader = new CanonicalReader(new byte[] { 1, 2, 3, 4, 5, 6, 7, 8 });
        Assert.Equal(0, reader.Bytes(100).Length);
        Assert.True(reader.Failed);
        Assert.Equal(0, reader.Byte());
        Assert.Equal(0UL, reader.UInt64());
        Assert.Equal(0UL, reader.Ordinal());
        Assert.Equal(default, reader.Digest());
        Assert.False(reader.Flag());
        Assert.Equal(0, reader.Raw(3).Length);
        Assert.False(reader.Complete);
        Assert.Equal(0, reader.Remaining);
    }

    [Theory]
    [InlineData(CanonicalReader.MaxOrdinal, true)]
    [InlineData(CanonicalReader.MaxOrdinal + 1, false)]
    [InlineData(ulong.MaxValue, false)]
    public void Numbers_that_no_chain_reaches_are_refused(ulong value, bool good)
    {
        var writer = new CanonicalWriter();
        writer.UInt64(value);
        var reader = new CanonicalReader(writer.ToArray());
        Assert.Equal(good ? value : 0, reader.Ordinal());
        Assert.Equal(good, reader.Complete);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(255, false)]
    public void A_flag_is_0_or_1(byte value, bool good)
    {
        var reader = new CanonicalReader(new[] { value });
        reader.Flag();
        Assert.Equal(good, reader.Complete);
    }

    [Fact]
    public void Two_blocks_that_differ_in_anything_of_the_header_have_different_digests()
    {
        BlockHeader header = Specimens.SomeBlock.Header;
        BlockHeader[] others =
        [
            header with { Epoch = new Epoch(1) }, header with { Height = new Height(8) }, header with { View = new View(11) }, header with { Parent = default },
            header with { PayloadRoot = default }, header with { Executed = default }, header with { Proposer = new ReplicaId(1) }, header with { Time = 1 },
            header with { Executed = header.Executed with { StateRoot = default } }, header with { Executed = header.Executed with { Chain = default } },
        ];
        Assert.Equal(others.Length + 1, others.Append(header).Select(other => other.DigestOn(Specimens.Chain)).Distinct().Count());
    }

    [Fact]
    public void The_filler_of_a_gap_is_the_same_bytes_whoever_makes_it() =>
        Assert.True(Block.Null(Specimens.Chain, new Height(9)).Encoded.Span.SequenceEqual(Block.Null(Specimens.Chain, new Height(9)).Encoded.Span));

    private static void Same(byte[] bytes, Specimens.Decoder decode, string what)
    {
        byte[]? again = decode(bytes);
        Assert.True(again is null || again.AsSpan().SequenceEqual(bytes), $"{what}: two encodings of one value");
    }
}
