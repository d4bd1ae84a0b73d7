using Bft.Crypto;

namespace Bft.Engine.Execution;

/// <summary>
/// The result of one run, or of the part of it that one height executed: equal at every honest replica. A run that repeats some
/// sequences of earlier runs has one receipt for each height, in the order of the sequences.
/// </summary>
/// <param name="Client">The client.</param>
/// <param name="First">The sequence of the run's first transaction.</param>
/// <param name="Count">The number of transactions.</param>
/// <param name="Height">The height that executed it; for a repeat, the height that executed it first. 0 where nothing was executed (<see cref="ReceiptCodes.Forgotten"/>, <see cref="ReceiptCodes.Refused"/>).</param>
/// <param name="Codes">One result a transaction (see <see cref="ReceiptCodes"/>), or a single byte when all are equal.</param>
public readonly record struct Receipt(Digest Client, ulong First, int Count, Height Height, ReadOnlyMemory<byte> Codes)
{
    /// <summary>The result of transaction <paramref name="index"/> of the run.</summary>
    public byte CodeAt(int index) => Codes.Length == 1 ? Codes.Span[0] : Codes.Span[index];
}

/// <summary>Results that are not the application's: the engine's own, from 0xF0.</summary>
public static class ReceiptCodes
{
    /// <summary>Executed.</summary>
    public const byte Ok = 0;

    /// <summary>From here on codes are the engine's.</summary>
    public const byte FirstReserved = 0xF0;

    /// <summary>The sequence is older than the client's session remembers: whether it was executed must be asked of the ledger.</summary>
    public const byte Forgotten = 0xF0;

    /// <summary>
    /// Not executed: the client is new and the part of the state where its session belongs is full (somebody made a thousand client
    /// keys that collide there). Nothing is remembered of it; another client key works.
    /// </summary>
    public const byte Refused = 0xF1;
}
