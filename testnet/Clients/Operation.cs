namespace Bft.Testnet.Clients;

/// <summary>One command of the key-value application, in the bytes it is sent with.</summary>
/// <param name="Key">The key in UTF-8.</param>
/// <param name="Value">The value in UTF-8, or null to delete the key.</param>
public readonly record struct Operation(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte>? Value)
{
    /// <summary>True when the key is to be deleted.</summary>
    public bool IsDelete => Value is null;

    /// <summary>Bytes of key and value.</summary>
    public int Bytes => Key.Length + (Value?.Length ?? 0);
}
