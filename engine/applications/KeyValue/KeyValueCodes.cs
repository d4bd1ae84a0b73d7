namespace Bft.Applications.KeyValue;

/// <summary>The results of commands. Every one of them is a result: the command was ordered and is not executed again.</summary>
public static class KeyValueCodes
{
    /// <summary>Done: the key has the value, or the key that was there is gone, or the barrier stands.</summary>
    public const byte Ok = 0;

    /// <summary>The bytes are no command (<see cref="KeyValueFault"/>); nothing changed.</summary>
    public const byte Malformed = 1;

    /// <summary>A delete of a key that was not there: nothing changed, and what the client wanted is so. Not a failure, but worth telling.</summary>
    public const byte Absent = 2;

    /// <summary>
    /// A put of a new key whose bucket of the state tree is full: nothing changed. Honest keys never meet this; it bounds what
    /// keys ground to collide can cost.
    /// </summary>
    public const byte Full = 3;

    /// <summary>A code in words; null for an unknown one.</summary>
    public static string? Describe(byte code) => code switch
    {
        Ok => "ok",
        Malformed => "the command is malformed",
        Absent => "the key was not there",
        Full => "the part of the state tree where the key belongs is full",
        _ => null,
    };
}
