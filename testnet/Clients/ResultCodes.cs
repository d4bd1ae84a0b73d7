using System.Globalization;
using Bft.Applications.KeyValue;
using Bft.Engine.Execution;
using Bft.Engine.SharedKeys;

namespace Bft.Testnet.Clients;

/// <summary>What the codes of results mean to whoever sent the transaction.</summary>
public static class ResultCodes
{
    /// <summary>True when the state is what the client asked for: also after deleting a key that was not there.</summary>
    public static bool IsSuccess(byte code) => code is KeyValueCodes.Ok or KeyValueCodes.Absent;

    /// <summary>A code in words.</summary>
    public static string Describe(byte code) => KeyValueCodes.Describe(code) ?? SharedKeyCodes.Describe(code) ?? code switch
    {
        ReceiptCodes.Forgotten => "the sequence is older than the client's session remembers; look it up with \"bft tx\"",
        ReceiptCodes.Refused => "the part of the state where its client's session belongs is full",
        _ => string.Create(CultureInfo.InvariantCulture, $"unknown result code {code}"),
    };
}
