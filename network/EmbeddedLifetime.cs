using Microsoft.Extensions.Hosting;

namespace Bft.Network;

/// <summary>
/// The lifetime of a web host inside a validator: starts and stops when it is told to. The default one takes Ctrl+C, SIGTERM and SIGQUIT for itself, and would end
/// the host's streams while the validator around it goes on.
/// </summary>
public sealed class EmbeddedLifetime : IHostLifetime
{
    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
