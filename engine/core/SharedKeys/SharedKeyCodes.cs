namespace Bft.Engine.SharedKeys;

/// <summary>Results of commands of a key generation; 0 when it was taken.</summary>
public static class SharedKeyCodes
{
    /// <summary>Taken.</summary>
    public const byte Ok = 0;

    /// <summary>The bytes are no message.</summary>
    public const byte Malformed = 0xC0;

    /// <summary>Another generation is running, or none is.</summary>
    public const byte OtherGeneration = 0xC1;

    /// <summary>The sender is no member.</summary>
    public const byte NoMember = 0xC2;

    /// <summary>Not said in this phase.</summary>
    public const byte WrongPhase = 0xC3;

    /// <summary>The signature is not the sender's.</summary>
    public const byte WrongSignature = 0xC4;

    /// <summary>The sender said its word of this kind already: the first counts.</summary>
    public const byte AlreadySaid = 0xC5;

    /// <summary>The content breaks a rule of its kind.</summary>
    public const byte Refused = 0xC6;

    /// <summary>The sender has no part in this: it was not accused, did not qualify, or announced no key.</summary>
    public const byte NotConcerned = 0xC7;

    /// <summary>A call whose phases are shorter than <see cref="GenerationCall.LeastPhaseBlocks"/>: an honest word might not be in the log in time.</summary>
    public const byte PhaseTooShort = 0xC8;

    /// <summary>A code in words; null for one of another layer.</summary>
    public static string? Describe(byte code) => code switch
    {
        Malformed => "the message of the key generation is malformed",
        OtherGeneration => "no such key generation is running, or another one is",
        NoMember => "the sender has no place in the key generation",
        WrongPhase => "the key generation is in another phase",
        WrongSignature => "the signature is not the sender's",
        AlreadySaid => "the sender said that already, the first word counts",
        Refused => "the content of the message is refused",
        PhaseTooShort => "its phases are too short: no word would surely be in the log before they end",
        NotConcerned => "the sender has no part in this phase",
        _ => null,
    };
}
