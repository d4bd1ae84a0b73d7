namespace Bft.Client;

/// <summary>Gives out a client's sequence numbers, each once for ever: a number used twice would hide one of two transactions.</summary>
public interface ISequenceSource
{
    /// <summary>The first of that many consecutive numbers that are the caller's alone, also after a crash.</summary>
    /// <exception cref="IOException">They could not be made durable; nothing was given out.</exception>
    ulong Reserve(int count);
}
