using Bft.Applications.KeyValue;
using CsCheck;

namespace Bft.Engine.Tests.Applications;

public sealed class KeyValueCommandTests
{
    [Fact]
    public void A_put_carries_key_and_value()
    {
        byte[] bytes = KeyValueCommand.Put("clé"u8, "value"u8);
        Assert.True(KeyValueCommand.TryParse(bytes, out KeyValueCommand command, out KeyValueFault fault));
        Assert.Equal((KeyValueOperation.Put, KeyValueFault.None), (command.Operation, fault));
        Assert.Equal("clé"u8, command.Key);
        Assert.Equal("value"u8, command.Value);
    }

    [Fact]
    public void A_value_may_be_empty_and_limits_are_included()
    {
        Assert.True(KeyValueCommand.TryParse(KeyValueCommand.Put("k"u8, []), out KeyValueCommand empty, out _));
        Assert.True(empty.Value.IsEmpty);
        Assert.True(KeyValueCommand.TryParse(KeyValueCommand.Put(Letters(1024), Letters(65536)), out KeyValueCommand full, out _));
        Assert.Equal((1024, 65536), (full.Key.Length, full.Value.Length));
    }

    [Theory]
    [InlineData("", KeyValueFault.Empty)]
    [InlineData("00", KeyValueFault.UnknownOperation)]
    [InlineData("04 01000000 61", KeyValueFault.UnknownOperation)]
    [InlineData("01", KeyValueFault.Truncated)]
    [InlineData("01 02000000 61", KeyValueFault.Truncated)]
    [InlineData("01 01000000 61", KeyValueFault.Truncated)]
    [InlineData("01 01000000 61 02000000 62", KeyValueFault.Truncated)]
    [InlineData("01 00000000 01000000 62", KeyValueFault.EmptyKey)]
    [InlineData("02 00000000", KeyValueFault.EmptyKey)]
    [InlineData("02 01040000", KeyValueFault.KeyTooLong)]
    [InlineData("02 FFFFFFFF", KeyValueFault.KeyTooLong)]
    [InlineData("02 02000000 C328", KeyValueFault.KeyNotUtf8)]
    [InlineData("01 01000000 61 01000100", KeyValueFault.ValueTooLong)]
    [InlineData("01 01000000 61 01000000 62 00", KeyValueFault.TrailingBytes)]
    [InlineData("02 01000000 61 00000000", KeyValueFault.TrailingBytes)]
    [InlineData("03 00", KeyValueFault.TrailingBytes)]
    public void A_malformed_command_says_what_is_wrong(string hex, KeyValueFault expected)
    {
        byte[] bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        Assert.False(KeyValueCommand.TryParse(bytes, out _, out KeyValueFault fault));
        Assert.Equal(expected, fault);
        Assert.Equal(KeyValueCommand.Describe(expected), new KeyValueApplication().CheckTx(bytes));
        Assert.NotNull(KeyValueCommand.Describe(expected));
    }

    [Fact]
    public void Whatever_parses_is_what_would_be_written() => Gen.Byte[0, 8].Array[0, 24].Sample(bytes =>
    {
        if (KeyValueCommand.TryParse(bytes, out KeyValueCommand command, out _))
        {
            Assert.Equal(bytes, command.Operation switch
            {
                KeyValueOperation.Put => KeyValueCommand.Put(command.Key, command.Value),
                KeyValueOperation.Delete => KeyValueCommand.Delete(command.Key),
                _ => KeyValueCommand.Barrier(),
            });
        }
    });

    [Fact]
    public void Commands_beyond_the_limits_are_not_made()
    {
        Assert.Throws<ArgumentException>(() => KeyValueCommand.Put([], "v"u8));
        Assert.Throws<ArgumentException>(() => KeyValueCommand.Put(Letters(1025), "v"u8));
        Assert.Throws<ArgumentException>(() => KeyValueCommand.Put("k"u8, Letters(65537)));
        Assert.Throws<ArgumentException>(() => KeyValueCommand.Delete([0xFF]));
    }

    private static byte[] Letters(int count) => [.. Enumerable.Repeat((byte)'a', count)];
}
