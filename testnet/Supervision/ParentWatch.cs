using System.Diagnostics;

namespace Bft.Testnet.Supervision;

/// <summary>How a validator that was started by a supervisor notices that it is gone.</summary>
public static class ParentWatch
{
    /// <summary>Completes when the input has ended or the parent process has.</summary>
    /// <param name="parent">The supervisor's process.</param>
    /// <param name="input">Standard input, a pipe from the supervisor; what it says is ignored.</param>
    /// <param name="cancellation">Ends the watch without an answer.</param>
    public static async Task WaitAsync(int parent, Stream input, CancellationToken cancellation)
    {
        Task ended = await Task.WhenAny(EndOfAsync(input, cancellation), ExitOfAsync(parent, cancellation));
        await ended;
    }

    private static async Task EndOfAsync(Stream input, CancellationToken cancellation)
    {
        var ignored = new byte[256];
        try
        {
            while (await input.ReadAsync(ignored, cancellation) > 0)
            {
                cancellation.ThrowIfCancellationRequested();
            }
        }
        catch (IOException)
        {
            // A broken pipe has ended, too.
            return;
        }
    }

    private static async Task ExitOfAsync(int parent, CancellationToken cancellation)
    {
        try
        {
            using Process process = Process.GetProcessById(parent);
            await process.WaitForExitAsync(cancellation);
        }
        catch (ArgumentException)
        {
            // There is no such process any more.
            return;
        }
    }
}
