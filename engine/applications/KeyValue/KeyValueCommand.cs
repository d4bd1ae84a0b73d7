using System.Buffers.Binary;
using System.Text.Unicode;

namespace Bft.Applications.KeyValue;

/// <summary>What a command of the key-value application does.</summary>
public enum KeyValueOperation : byte
{
    /// <summary>Sets a key to a value.</summary>
    Put = 1,

    /// <summary>Removes a key.</summary>
    Delete = 2,

    /// <summary>Changes nothing: its place in the order is what a linearizable read waits for.</summary>
    Barrier = 3,
}

/// <summary>What is wrong with the bytes of a command.</summary>
public enum KeyValueFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>No bytes at all.</summary>
    Empty,

    /// <summary>The first byte names no operation.</summary>
    UnknownOperation,

    /// <summary>The bytes end before the command does.</summary>
    Truncated,

    /// <summary>The key has no bytes.</summary>
    EmptyKey,

    /// <summary>The key is longer than <see cref="KeyValueCommand.MaxKeyBytes"/>.</summary>
    KeyTooLong,

    /// <summary>The key is not valid UTF-8.</summary>
    KeyNotUtf8,

    /// <summary>The value is longer than <see cref="KeyValueCommand.MaxValueBytes"/>.</summary>
    ValueTooLong,

    /// <summary>Bytes follow the command.</summary>
    TrailingBytes,
}

/// <summary>
/// A command of the key-value application in its one encoding, all integers little-endian: operation (1 byte); for put and delete the
/// key's length (4) and the key; for put also the value's length (4) and the value. A view of the bytes it was parsed from.
/// </summary>
public readonly ref struct KeyValueCommand
{
    /// <summary>The longest key in bytes.</summary>
    public const int MaxKeyBytes = 1 << 10;

    /// <summary>The longest value in bytes.</summary>
    public const int MaxValueBytes = 64 << 10;

    /// <summary>Where the key starts in a put or delete.</summary>
    internal const int KeyOffset = 1 + LengthBytes;

    private const int LengthBytes = 4;

    private KeyValueCommand(KeyValueOperation operation, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Operation = operation;
        Key = key;
        Value = value;
    }

    /// <summary>What it does.</summary>
    public KeyValueOperation Operation { get; }

    /// <summary>The key; empty for a barrier.</summary>
    public ReadOnlySpan<byte> Key { get; }

    /// <summary>The value; empty unless it is a put (and possibly then).</summary>
    public ReadOnlySpan<byte> Value { get; }

    /// <summary>Where the value starts in a put.</summary>
    internal static int ValueOffset(int keyLength) => KeyOffset + keyLength + LengthBytes;

    /// <summary>The bytes of a put.</summary>
    /// <exception cref="ArgumentException">Key or value break the limits.</exception>
    public static byte[] Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var bytes = new byte[1 + LengthBytes + key.Length + LengthBytes + value.Length];
        bytes[0] = (byte)KeyValueOperation.Put;
        WriteBytes(key, bytes.AsSpan(1));
        WriteBytes(value, bytes.AsSpan(1 + LengthBytes + key.Length));
        return Checked(bytes);
    }

    /// <summary>The bytes of a delete.</summary>
    /// <exception cref="ArgumentException">The key breaks the limits.</exception>
    public static byte[] Delete(ReadOnlySpan<byte> key)
    {
        var bytes = new byte[1 + LengthBytes + key.Length];
        bytes[0] = (byte)KeyValueOperation.Delete;
        WriteBytes(key, bytes.AsSpan(1));
        return Checked(bytes);
    }

    /// <summary>The bytes of a barrier.</summary>
    public static byte[] Barrier() => [(byte)KeyValueOperation.Barrier];

    /// <summary>Parses exactly these bytes.</summary>
    /// <param name="bytes">The command.</param>
    /// <param name="command">The parts; all empty when malformed.</param>
    /// <param name="fault">What is wrong; <see cref="KeyValueFault.None"/> when nothing is.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out KeyValueCommand command, out KeyValueFault fault)
    {
        command = default;
        if (bytes.IsEmpty)
        {
            fault = KeyValueFault.Empty;
            return false;
        }

        var operation = (KeyValueOperation)bytes[0];
        ReadOnlySpan<byte> rest = bytes[1..];
        ReadOnlySpan<byte> key = default;
        ReadOnlySpan<byte> value = default;
        fault = operation switch
        {
            KeyValueOperation.Put => ReadKey(ref rest, out key) is var wrong and not KeyValueFault.None
                ? wrong
                : ReadBytes(ref rest, MaxValueBytes, KeyValueFault.ValueTooLong, out value),
            KeyValueOperation.Delete => ReadKey(ref rest, out key),
            KeyValueOperation.Barrier => KeyValueFault.None,
            _ => KeyValueFault.UnknownOperation,
        };
        if (fault == KeyValueFault.None && !rest.IsEmpty)
        {
            fault = KeyValueFault.TrailingBytes;
        }

        if (fault != KeyValueFault.None)
        {
            return false;
        }

        command = new KeyValueCommand(operation, key, value);
        return true;
    }

    /// <summary>A fault in words, for whoever sent the command; null for none.</summary>
    public static string? Describe(KeyValueFault fault) => fault switch
    {
        KeyValueFault.None => null,
        KeyValueFault.Empty => "the command has no bytes",
        KeyValueFault.UnknownOperation => "unknown operation: 1 is put, 2 delete, 3 barrier",
        KeyValueFault.Truncated => "the command ends too early",
        KeyValueFault.EmptyKey => "the key is empty",
        KeyValueFault.KeyTooLong => $"the key is longer than {MaxKeyBytes} bytes",
        KeyValueFault.KeyNotUtf8 => "the key is not valid UTF-8",
        KeyValueFault.ValueTooLong => $"the value is longer than {MaxValueBytes} bytes",
        KeyValueFault.TrailingBytes => "bytes follow the command",
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "Not a fault."),
    };

    private static KeyValueFault ReadKey(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> key)
    {
        KeyValueFault fault = ReadBytes(ref rest, MaxKeyBytes, KeyValueFault.KeyTooLong, out key);
        return fault != KeyValueFault.None ? fault
            : key.IsEmpty ? KeyValueFault.EmptyKey
            : Utf8.IsValid(key) ? KeyValueFault.None : KeyValueFault.KeyNotUtf8;
    }

    private static KeyValueFault ReadBytes(scoped ref ReadOnlySpan<byte> rest, int limit, KeyValueFault tooLong, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (rest.Length < LengthBytes)
        {
            return KeyValueFault.Truncated;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        if (length > (uint)limit)
        {
            return tooLong;
        }

        rest = rest[LengthBytes..];
        if (rest.Length < (int)length)
        {
            return KeyValueFault.Truncated;
        }

        bytes = rest[..(int)length];
        rest = rest[(int)length..];
        return KeyValueFault.None;
    }

    private static void WriteBytes(ReadOnlySpan<byte> bytes, Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)bytes.Length);
        bytes.CopyTo(destination[LengthBytes..]);
    }

    private static byte[] Checked(byte[] bytes) => TryParse(bytes, out _, out KeyValueFault fault)
        ? bytes
        : throw new ArgumentException($"Not a command: {Describe(fault)}.");
}
