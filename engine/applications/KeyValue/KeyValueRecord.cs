using System.Buffers.Binary;

namespace Bft.Applications.KeyValue;

/// <summary>Key and value in one array of their own: length of the key (2), key, value. One object a key, nothing of the block it came with is kept alive.</summary>
internal static class KeyValueRecord
{
    private const int LengthBytes = 2;

    /// <summary>Puts key and value together.</summary>
    public static byte[] Of(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        byte[] record = GC.AllocateUninitializedArray<byte>(LengthBytes + key.Length + value.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(record, (ushort)key.Length);
        key.CopyTo(record.AsSpan(LengthBytes));
        value.CopyTo(record.AsSpan(LengthBytes + key.Length));
        return record;
    }

    /// <summary>The key of a record.</summary>
    public static ReadOnlyMemory<byte> KeyOf(byte[] record) => record.AsMemory(LengthBytes, BinaryPrimitives.ReadUInt16LittleEndian(record));

    /// <summary>The value of a record.</summary>
    public static ReadOnlyMemory<byte> ValueOf(byte[] record) => record.AsMemory(LengthBytes + BinaryPrimitives.ReadUInt16LittleEndian(record));
}
