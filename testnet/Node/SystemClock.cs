using System.Diagnostics;
using Bft.Engine;

namespace Bft.Testnet.Node;

/// <summary>The machine's clocks.</summary>
internal sealed class SystemClock : IClock
{
    private readonly long _start = Stopwatch.GetTimestamp();

    /// <inheritdoc/>
    public TimeSpan Now => Stopwatch.GetElapsedTime(_start);

    /// <inheritdoc/>
    public ulong UnixMilliseconds => (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
}
