namespace Bft.Testnet.CommandLine;

/// <summary>Where a validator tells what happens to it. Safe for many threads; never throws for want of a listener.</summary>
public interface IEventSink
{
    /// <summary>Writes an event as one line of JSON.</summary>
    /// <param name="name">The event's name: the field <c>event</c>. <c>ready</c> tells a supervisor that clients may come.</param>
    /// <param name="fields">Further fields, an object or a record; may be null.</param>
    void Write(string name, object? fields = null);
}
