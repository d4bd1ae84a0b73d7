using Bft.Engine.Execution;
using CsCheck;

namespace Bft.Engine.Tests.Execution;

public sealed class SessionEncodingTests
{
    private const int Limit = 8;
    private const ulong Highest = 1000;

    private static readonly Gen<(uint Gap, byte[] Codes, uint Height)[]> GenIntervals =
        Gen.Select(Gen.UInt[0, 500], Gen.Byte[0, 1].Array[1, 5], Gen.UInt[1, (uint)Highest]).Array[0, 12];

    [Fact]
    public void A_session_survives_its_encoding() => GenIntervals.Sample(parts =>
    {
        Session session = Build(parts);
        byte[] encoded = Encode(session);
        Session? decoded = Session.Decode(encoded, Limit, Highest);
        Assert.NotNull(decoded);
        Assert.Equal(session.Floor, decoded.Floor);
        Assert.Equal(
            session.Intervals.ToArray().Select(interval => (interval with { Codes = null }, Convert.ToHexString(interval.Codes ?? []))),
            decoded.Intervals.ToArray().Select(interval => (interval with { Codes = null }, Convert.ToHexString(interval.Codes ?? []))));
        Assert.True(encoded.Length <= Session.MaxEncodedBytes(Limit));
    });

    [Fact]
    public void Whatever_decodes_has_no_other_encoding() => Gen.Select(GenIntervals, Gen.Int[0, 60], Gen.Byte).Sample((parts, place, value) =>
    {
        byte[] bytes = Encode(Build(parts));
        bytes[place % bytes.Length] = value;
        if (Session.Decode(bytes, Limit, Highest) is { } decoded)
        {
            Assert.Equal(bytes, Encode(decoded));
        }
    });

    [Fact]
    public void A_shorter_or_longer_encoding_is_refused() => GenIntervals.Sample(parts =>
    {
        byte[] bytes = Encode(Build(parts));
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Null(Session.Decode(bytes.AsMemory(0, length), Limit, Highest));
        }

        Assert.Null(Session.Decode((byte[])[.. bytes, 0], Limit, Highest));
    });

    [Theory]
    [InlineData("80 00 00", "a floor with a superfluous group")]
    [InlineData("FF FF FF FF FF FF FF FF FF 02 00", "a floor above 64 bits")]
    [InlineData("00 09", "more intervals than the limit")]
    [InlineData("00 01 00 00 02 00 00", "an interval that starts where the last ended")]
    [InlineData("00 01 01 00 00 00 00", "height 0")]
    [InlineData("00 01 01 00 D2 0F 00 00", "a height above the snapshot's")]
    [InlineData("00 01 01 01 02 01 05 05", "equal results one by one")]
    [InlineData("00 01 01 00 02 02 05", "an unknown kind of results")]
    [InlineData("FF FF FF FF FF FF FF FF FF 01 01 01 00 02 00 00", "a sequence above 64 bits")]
    [InlineData("00 01 01 FF FF 7F 02 01 05 06", "more results than a session keeps")]
    public void Malformed_encodings_are_refused(string hex, string what) =>
        Assert.True(Session.Decode(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), Limit, Highest) is null, what);

    private static Session Build((uint Gap, byte[] Codes, uint Height)[] parts)
    {
        var session = new Session();
        ulong end = 0;
        foreach ((uint gap, byte[] codes, uint height) in parts)
        {
            SessionInterval interval = SessionInterval.Of(end + gap + 1, height, codes);
            session.Add([interval], Limit, []);
            end = interval.Last;
        }

        return session;
    }

    private static byte[] Encode(Session session)
    {
        byte[] buffer = [];
        int length = session.Encode(ref buffer);
        return buffer[..length];
    }
}
