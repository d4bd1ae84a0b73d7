using System.Runtime.InteropServices;

namespace Bft.Testnet.CommandLine;

/// <summary>
/// Turns the first Ctrl+C, SIGTERM or hang-up into a cancellation, so that a command stops cleanly. A second one ends the process
/// at once: whoever asks twice does not want to wait.
/// </summary>
public sealed class Shutdown : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _asked;

    /// <summary>Starts listening to the signals of this process.</summary>
    public Shutdown()
    {
        foreach (PosixSignal signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP })
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, Handle));
        }
    }

    /// <summary>Cancelled at the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>
    /// A terminal sends Ctrl+C to the whole group. A validator that has a parent leaves the decision to it, or every Ctrl+C would
    /// look to the parent like the death of all validators.
    /// </summary>
    public bool IgnoreInterrupt { get; set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        if (context.Signal != PosixSignal.SIGTERM && IgnoreInterrupt)
        {
            context.Cancel = true;
            return;
        }

        if (Interlocked.Increment(ref _asked) == 1)
        {
            context.Cancel = true;
            _source.Cancel();
        }
    }
}
