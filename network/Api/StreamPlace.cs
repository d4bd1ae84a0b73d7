using Bft.Network.Connections;

namespace Bft.Network.Api;

/// <summary>The place of a long-lived stream. Dispose it when the stream ends.</summary>
/// <param name="place">Its share of all.</param>
/// <param name="leave">What else is to be done when it ends; may be null.</param>
internal sealed class StreamPlace(SharedPlaces.Place place, Action? leave = null) : IDisposable
{
    /// <summary>Why a stream had to end for another.</summary>
    public const string Displacement = "All places of this validator are taken, most of them from this address: this stream gave way to one from another address. Use fewer, or another validator.";

    private int _left;

    /// <summary>Cancelled when the stream has to give way.</summary>
    public CancellationToken Displaced => place.Displaced;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
        {
            place.Dispose();
            leave?.Invoke();
        }
    }
}
